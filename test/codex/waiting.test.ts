import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { untilMetersEnd } from '../harness/children.js';
import { writeShellFake } from '../harness/fake-codex.js';
import { expectExact, readRecord, readRecordSoFar } from '../harness/record.js';
import { startOnTerminal } from '../harness/terminal.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import { METERED, USAGE, type Workbench } from '../harness/workbench.js';
import { answer, turn } from '../scripted-api/script.js';

const ARGS = ['exec', '--json', 'x'];

/** Makes the meter do `script` before anything else. */
function preload({ folder }: Workbench, script: string): Record<string, string> {
  const path = join(folder, 'preload.cjs');
  writeFileSync(path, `if (process.argv[1]?.endsWith('/meter.cjs')) { ${script} }\n`);
  return { NODE_OPTIONS: `--require=${path}` };
}

/** A meter that takes three seconds to start. */
const SLOW = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 3000);';

describe('the end of a run', () => {
  test.for([
    [undefined, 900],
    ['0', 900],
    ['60000', 30_000],
  ] as const)('waits for its record as long as CODEX_METERED_WAIT says: %s', async ([wait, limitMs], { bench }) => {
    const env = { ...preload(bench, SLOW), CODEX_METERED_WAIT: wait };
    const codex = writeShellFake(bench, 'sleep 1; date +%s%N > "$HOME/end"; exit 3');
    const run = await bench.run(ARGS, { codex, env });
    const tookMs = Date.now() - Number(readFileSync(join(bench.folder, 'end'), 'utf8')) / 1e6;
    expect(run).toMatchObject({ exitCode: 3, stderr: Buffer.alloc(0) });
    expect(tookMs).toBeLessThan(limitMs);
    expect(existsSync(bench.database)).toBe(wait === '60000');
    await untilMetersEnd(bench.folder);
    expect(readRecord(bench.database)).toMatchObject([{ status: 'failed', exitCode: 3 }]);
  });

  test('waits for a report that was asked for', async ({ bench }) => {
    const report = join(bench.folder, 'report.json');
    const env = { ...preload(bench, SLOW), CODEX_METERED_WAIT: undefined };
    await bench.run(ARGS, { codex: writeShellFake(bench, 'exit 3'), env, meter: ['--meter-report', report] });
    expect(JSON.parse(readFileSync(report, 'utf8'))).toMatchObject({ status: 'failed', exitCode: 3 });
  });

  test('is not held up by a record that its reader waits for', async ({ bench }) => {
    for (let n = 1; n <= 3; n++) {
      const until = waitFor('the meter', () => readRecordSoFar(bench).length === n);
      bench.api.add(turn('again', answer('Done.', { input: 1200, cached: 200, output: 30 }, { until })));
      const options = { env: { CODEX_METERED_WAIT: '0' }, meter: ['--meter-run-id', 'r'] };
      const run = await bench.run(['exec', '--json', 'again'], options);
      expect(run.exitCode).toBe(0);
      const { stdout } = await execa(process.execPath, [USAGE, 'run', 'r', '--json'], { env: bench.env });
      const { invocations, totals } = JSON.parse(stdout) as { invocations: { status: string }[]; totals: object };
      expect(invocations.map(({ status }) => status)).toEqual(Array(n).fill('completed'));
      expect(totals).toMatchObject({ inputTokens: n * 1200, outputTokens: n * 30 });
    }
  });

  test('leaves nothing unrecorded of a Codex that is done before its meter has started', async ({ bench }) => {
    const codex = writeShellFake(bench, 'exit 0');
    for (let n = 0; n < 5; n++) await bench.run(ARGS, { codex, env: { CODEX_METERED_WAIT: undefined } });
    await untilMetersEnd(bench.folder);
    expect(readRecord(bench.database).map(({ status }) => status)).toEqual(Array(5).fill('completed'));
  });

  test('does not wait for a meter that waits for Codex to start, when Codex has ended', async ({ bench }) => {
    const tools = join(bench.folder, 'tools');
    mkdirSync(tools);
    writeFileSync(join(tools, 'sleep'), '#!/bin/sh\nexec /bin/sleep 600\n', { mode: 0o755 });
    const env = { PATH: `${tools}:${process.env.PATH}` };
    await bench.run(ARGS, { codex: writeShellFake(bench, 'exit 3'), env });
    expect(readRecord(bench.database)).toMatchObject([{ status: 'failed', exitCode: 3 }]);
  });

  test('is not held up by our own line where the reader of stderr takes nothing', async ({ bench }) => {
    bench.api.add(turn('dear', answer('Done.', { input: 9000, cached: 0, output: 70 })));
    const direct = await bench.run(['exec', '--json', 'dear'], { direct: true });
    const path = join(bench.folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const pipe = openSync(path, constants.O_RDWR);
    // What is left of it is enough for what Codex writes, and not for a line of ours.
    writeSync(pipe, Buffer.alloc(65_536 - direct.stderr.length - 20, 'x'));
    const budget = ['--meter-budget-usd', '0.000001', '--meter-on-budget', 'warn'];
    const child = spawn(process.execPath, [METERED, ...budget, 'exec', '--json', 'dear'], {
      cwd: bench.workTree,
      env: bench.env,
      stdio: ['ignore', 'ignore', pipe],
    });
    bench.adopt(child);
    expect(await once(child, 'exit')).toEqual([0, null]);
    closeSync(pipe);
    expect(readRecord(bench.database)).toMatchObject([{ status: 'completed' }]);
  });

  test.for(['soon', '-1', '1.5'])('is no time to wait: %s', async (wait, { bench }) => {
    const run = await bench.run(ARGS, { codex: writeShellFake(bench, 'echo started'), meter: ['--meter-wait', wait] });
    expect(run).toMatchObject({ exitCode: 2, stdout: Buffer.alloc(0) });
    expect(run.stderr.toString()).toContain(`--meter-wait: "${wait}" is not a time`);
  });
});

describe('a meter that cannot be started', () => {
  const DIES = "process.kill(process.pid, 'SIGKILL');";

  test('is reported in one line where a person can be assumed, and not at all elsewhere', async ({ bench }) => {
    const codex = writeShellFake(bench, 'echo done; exit 3');
    const env = preload(bench, DIES);
    const told = await startOnTerminal(bench, ['--meter-summary', 'always', ...ARGS], { codex, env }).ended;
    expect(told.exitCode).toBe(3);
    expect(told.screen.trimEnd().split(/\r?\n/)).toEqual([
      'done',
      'codex-metered: this run was not metered to its end: it ended early (SIGKILL). See codex-usage doctor.',
    ]);
    const driven = await startOnTerminal(bench, ARGS, { codex, env }).ended;
    expect(driven.screen.trimEnd()).toBe('done');
  });

  test('is started once more when Codex has ended, and records the run then', async ({ bench }) => {
    const marker = join(bench.folder, 'once');
    const env = preload(
      bench,
      `const fs = require('node:fs');
      if (!fs.existsSync(${JSON.stringify(marker)})) { fs.writeFileSync(${JSON.stringify(marker)}, ''); ${DIES} }`,
    );
    const run = await bench.run(ARGS, { codex: writeShellFake(bench, 'sleep 1; exit 3'), env });
    expect(run.exitCode).toBe(3);
    expect(readRecord(bench.database)).toMatchObject([{ status: 'failed', exitCode: 3 }]);
  });

  test('runs from its compiled code, and is compiled again by the one that follows it when it dies of that', async ({
    bench,
  }) => {
    bench.api.add(turn('greet', answer('Hello.', { input: 5200, output: 90 })));
    const runs = [await bench.run(['exec', '--json', 'greet'])];
    const kept = await waitFor('the compiled code', () => findCompiled(bench));
    const inode = statSync(kept).ino;
    const dies = preload(bench, `if (!process.argv.includes('--afresh')) { ${DIES} }`);
    for (const env of [{}, dies]) {
      // For a report the meter starts with Codex, so that it is dead when Codex ends.
      const meter = ['--meter-report', join(bench.folder, 'report.json')];
      runs.push(await bench.run(['exec', '--json', 'greet'], { env, meter }));
      await untilMetersEnd(bench.folder);
      expect(statSync(kept).ino === inode).toBe(env !== dies);
    }
    for (const run of runs) expectExact(bench, run);
  });

  test('is known to codex-usage doctor', async ({ bench }) => {
    const env = { ...bench.env, ...preload(bench, "throw new Error('no native module');") };
    const doctor = await execa(process.execPath, [USAGE, 'doctor', '--json'], { env, reject: false });
    const { checks } = JSON.parse(doctor.stdout) as { checks: { name: string; status: string; text: string }[] };
    expect(checks.find(({ name }) => name === 'metering')).toMatchObject({
      status: 'attention',
      text: expect.stringContaining('its process does not start'),
    });
  });
});

function findCompiled({ stateFolder }: Workbench): string | undefined {
  const folder = join(stateFolder, 'compiled');
  const [file] = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('.compiled')) : [];
  return file && join(folder, file);
}
