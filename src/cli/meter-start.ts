import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readPaths } from '../config/paths.js';
import { runCompiled, type Use } from '../files/compiled.js';
import { AFRESH, CHECK } from '../meter/messages.js';

/** A digest of all sources, which the build puts in. */
declare const SOURCES: string;

const USES: Readonly<Record<string, Use>> = { [AFRESH]: 'afresh', [CHECK]: 'as it is' };

/** Runs the meter (`meter.ts`), whose bundle is a file of its own for this. */
runCompiled(
  {
    path: fileURLToPath(new URL('./meter-main.cjs', import.meta.url)),
    folder: join(readPaths(process.env).stateDirectory, 'compiled'),
    name: 'meter',
    version: SOURCES,
  },
  USES[process.argv[2] ?? ''] ?? 'usual',
);
