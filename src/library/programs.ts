import { createRequire } from 'node:module';
import { join } from 'node:path';

/** A command of this package, wherever that is installed. */
export function findProgram(name: 'codex-metered' | 'codex-usage'): string {
  const manifest = createRequire(import.meta.url).resolve('codex-metered/package.json');
  return join(manifest, '..', 'bin', `${name}.js`);
}
