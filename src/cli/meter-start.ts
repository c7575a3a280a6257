import type { Use } from '../files/compiled.js';
import { AFRESH, CHECK } from '../meter/messages.js';
import { runBundle } from './bundle.js';

const USES: Readonly<Record<string, Use>> = { [AFRESH]: 'afresh', [CHECK]: 'as it is' };

/** Runs the meter (`meter.ts`). */
runBundle('meter-main', USES[process.argv[2] ?? '']);
