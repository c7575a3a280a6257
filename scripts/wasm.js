import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const COMPILER = join(ROOT, 'node_modules', 'assemblyscript', 'bin', 'asc.js');
/** All that it exports, the module exports. */
const SOURCE = 'wasm/rollout-scan.ts';
/** A module of JavaScript, so that whatever loads the sources loads it too. */
export const WASM_MODULE = join(ROOT, 'build', 'rollout-scan.js');

/** Compiles what is written in AssemblyScript to WebAssembly. Throws what the compiler says. */
export function buildWasm() {
  mkdirSync(dirname(WASM_MODULE), { recursive: true });
  const folder = mkdtempSync(join(dirname(WASM_MODULE), 'wasm-'));
  try {
    const output = join(folder, 'out.wasm');
    compile(output);
    const text = readFileSync(output).toString('base64');
    const module = `/** What is in wasm/, compiled: WebAssembly in base64. */\nexport const ROLLOUT_SCAN = '${text}';\n`;
    writeFileSync(WASM_MODULE, module);
    writeFileSync(WASM_MODULE.replace(/\.js$/, '.d.ts'), 'export declare const ROLLOUT_SCAN: string;\n');
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @param {string} output */
function compile(output) {
  const options = ['-O3', '--converge', '--noAssert', '--runtime', 'stub', '--use', 'abort='];
  const features = ['--enable', 'simd', '--enable', 'bulk-memory'];
  try {
    execFileSync(process.execPath, [COMPILER, SOURCE, '--outFile', output, ...options, ...features], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: 'pipe',
    });
  } catch (error) {
    const said = error instanceof Error && 'stderr' in error ? error.stderr : error;
    throw new Error(`What is in wasm/ could not be compiled.\n${said}`);
  }
}
