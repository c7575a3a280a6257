import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readPaths } from '../config/paths.js';
import { runCompiled, type Use } from '../files/compiled.js';

/** A digest of all sources, which the build puts in. */
declare const SOURCES: string;

/** Runs one of the bundles that the build lays beside this one (scripts/dist.js), from compiled code where there is some. */
export function runBundle(name: string, use: Use = 'usual'): void {
  const path = fileURLToPath(new URL(`./${name}.cjs`, import.meta.url));
  const folder = join(readPaths(process.env).stateDirectory, 'compiled');
  runCompiled({ path, folder, name, version: SOURCES }, use);
}
