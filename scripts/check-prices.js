// Compares our prices with the newest list of genai-prices and the newest Codex's catalogue of models. It installs both into
// node_modules without a change to package-lock.json, so that the next `npm install` removes them again.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const NEWEST = ['@pydantic/genai-prices@latest', '@openai/codex@latest'];

process.exitCode =
  run('npm', ['install', '--no-save', '--no-package-lock', '--no-audit', '--no-fund', ...NEWEST]) ||
  run('npx', ['vitest', 'run', 'test/pricing']);

/**
 * @param {string} file
 * @param {readonly string[]} args
 */
function run(file, args) {
  const { status, error } = spawnSync(file, args, { cwd: ROOT, stdio: 'inherit', shell: process.platform === 'win32' });
  if (error) process.stderr.write(`${file}: ${error.message}\n`);
  return status ?? 1;
}
