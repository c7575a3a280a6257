// Installs the packages, as they would be published, on a prefix that has nothing else, and runs both commands there.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { ROOT, runNpm } from './packages.js';
import { packAll } from './tarballs.js';

const USAGE = { input_tokens: 5900, cached_input_tokens: 1024, output_tokens: 55, reasoning_output_tokens: 0 };
/** What a run of `codex exec --json` with one answer prints. */
const EVENTS = [
  { type: 'thread.started', thread_id: '0199a213-81c0-7800-8aa1-bbab2a035a53' },
  { type: 'turn.started' },
  { type: 'turn.completed', usage: USAGE },
];

/** Throws where something of it does not work. */
export function checkTarballs() {
  const folder = mkdtempSync(join(tmpdir(), 'codex-metered-tarball-'));
  try {
    const tarballs = packAll(join(folder, 'tarballs'));
    const prefix = join(folder, 'prefix');
    mkdirSync(prefix);
    const options = ['--no-audit', '--no-fund', '--loglevel=error', '--allow-scripts=better-sqlite3'];
    runNpm(['install', '--global', '--prefix', prefix, ...options, ...tarballs], { cwd: folder });
    tryCommands(folder, process.platform === 'win32' ? prefix : join(prefix, 'bin'));
    process.stdout.write(`What would be published installs on a bare prefix, and both commands work there.\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/**
 * @param {string} folder
 * @param {string} bin
 */
function tryCommands(folder, bin) {
  const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const codex = writeFake(folder);
  const env = {
    PATH: [bin, dirname(process.execPath), '/usr/bin', '/bin'].join(delimiter),
    SystemRoot: process.env.SystemRoot,
    HOME: folder,
    USERPROFILE: folder,
    CODEX_METERED_CODEX: codex,
    CODEX_METERED_DB: join(folder, 'data', 'usage.db'),
    CODEX_METERED_STATE_DIR: join(folder, 'state'),
    CODEX_METERED_WAIT: '60000',
  };
  /** @param {string} command @param {string[]} args */
  const run = (command, ...args) => {
    const ended = spawnSync(command, args, { env, cwd: folder, encoding: 'utf8', shell: process.platform === 'win32' });
    return { ...ended, said: `${ended.stdout}${ended.stderr}${ended.error?.message ?? ''}` };
  };
  /** @param {string} what @param {{ said: string }} ended @param {boolean} holds */
  const expect = (what, { said }, holds) => {
    if (!holds) throw new Error(`${what} does not work in what is installed:\n${said}`);
  };
  for (const [command, option] of /** @type {const} */ ([
    ['codex-metered', '--meter-version'],
    ['codex-usage', '--version'],
  ])) {
    const told = run(command, option);
    expect(`${command} ${option}`, told, told.status === 0 && told.stdout.includes(version));
  }
  const ran = run('codex-metered', '--meter-run-id', 'r1', 'exec', '--json', '--model', 'gpt-5.3-codex', 'hello');
  expect('codex-metered exec', ran, ran.status === 0 && ran.stdout.includes('turn.completed'));
  const report = run('codex-usage', 'run', 'r1', '--json');
  expect('codex-usage run', report, report.status === 0);
  expect('The record', report, JSON.parse(report.stdout).totals.inputTokens === USAGE.input_tokens);
  const daily = run('codex-usage', 'daily');
  expect('codex-usage daily', daily, daily.status === 0 && daily.stdout.includes('5,900'));
}

/**
 * A Codex that is done at once.
 * @param {string} folder
 */
function writeFake(folder) {
  const script = join(folder, 'codex.cjs');
  const lines = EVENTS.map((event) => `${JSON.stringify(event)}\n`).join('');
  writeFileSync(script, `#!/usr/bin/env node\nprocess.stdout.write(${JSON.stringify(lines)});\n`, { mode: 0o755 });
  return script;
}

if (process.argv[1] === import.meta.filename) checkTarballs();
