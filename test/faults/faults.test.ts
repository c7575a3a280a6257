import { test } from '../harness/test.js';
import { FAULTS } from './faults.js';

for (const { name, hold } of FAULTS) test(name, { timeout: 300_000 }, ({ bench }) => hold(bench));
