import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCE = 'wasm/rollout-scan.ts';
/** A module of JavaScript, so that whatever loads the sources loads it too. */
export const WASM_MODULE = join(ROOT, 'build', 'rollout-scan.js');

/** Compiles what is written in AssemblyScript to WebAssembly. */
export async function buildWasm() {
  const { default: asc } = await import('assemblyscript/asc');
  /** @type {Uint8Array | undefined} */
  let binary;
  const { error, stderr } = await asc.main(
    [
      ...[SOURCE, '--outFile', 'out.wasm', '--baseDir', ROOT, '-O3', '--converge', '--noAssert'],
      ...['--runtime', 'stub', '--use', 'abort=', '--enable', 'simd', '--enable', 'bulk-memory'],
    ],
    {
      writeFile(name, contents) {
        if (name === 'out.wasm' && typeof contents !== 'string') binary = contents;
      },
    },
  );
  if (error || !binary) throw new Error(`${SOURCE} could not be compiled: ${error?.message}\n${stderr.toString()}`);
  const text = Buffer.from(binary).toString('base64');
  mkdirSync(dirname(WASM_MODULE), { recursive: true });
  writeFileSync(
    WASM_MODULE,
    `/** ${SOURCE}, compiled: WebAssembly in base64. */\nexport const ROLLOUT_SCAN = '${text}';\n`,
  );
  writeFileSync(WASM_MODULE.replace(/\.js$/, '.d.ts'), 'export declare const ROLLOUT_SCAN: string;\n');
}
