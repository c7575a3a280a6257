import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { findMeter } from '../harness/children.js';
import { expectSame, withoutVarying } from '../harness/compare.js';
import { writeShellFake } from '../harness/fake-codex.js';
import { readLog } from '../harness/record.js';
import { test } from '../harness/test.js';
import { createGate, waitFor } from '../harness/wait.js';
import { CODEX, type Ended, METERED, type RunOptions, type Workbench } from '../harness/workbench.js';
import { type LedgerEntry, sumLedger } from '../scripted-api/ledger.js';
import { callThenAnswer, SCRIPT } from '../scripted-api/scenarios.js';
import { answer, turn } from '../scripted-api/script.js';

const WORK = callThenAnswer('work', 'Done.');
const EMIT = { CODEX_METERED_EMIT: 'usage' };

async function work(bench: Workbench, options: RunOptions = {}): Promise<Ended> {
  bench.api.add(WORK);
  return await bench.run(['exec', '--json', 'work'], { ...options, env: { ...EMIT, ...options.env } });
}

const linesOf = (output: Buffer | string) => output.toString().split('\n').filter(Boolean);

/** The last line of an output. */
function lastOf(output: Buffer | string) {
  return JSON.parse(linesOf(output).at(-1) ?? '');
}

/** The counters that Codex would write for what the API reported. */
function usageOf(ledger: readonly LedgerEntry[]) {
  const { input, cached, cacheWrite, output, reasoning } = sumLedger(ledger);
  return {
    ...{ input_tokens: input, cached_input_tokens: cached, cache_write_input_tokens: cacheWrite },
    ...{ output_tokens: output, reasoning_output_tokens: reasoning },
  };
}

function expectUsage(line: unknown, ledger: readonly LedgerEntry[]): void {
  expect(ledger.length).toBeGreaterThan(0);
  const info = { total_token_usage: usageOf(ledger) };
  expect(line).toMatchObject({ type: 'event_msg', payload: { type: 'token_count', info } });
}

const messagesOf = (bench: Workbench) => readLog(bench).map(({ msg, reason }) => `${msg} ${reason}`);

describe('--meter-emit', () => {
  test('is off by default, and turned off again by none', async ({ bench }) => {
    bench.api.add(WORK);
    const direct = await bench.run(['exec', '--json', 'work'], { direct: true });
    for (const meter of [[], ['--meter-emit', 'none']]) {
      const env = meter.length > 0 ? EMIT : {};
      const metered = await bench.run(['exec', '--json', 'work'], { meter, env });
      expect(withoutVarying(metered.stdout)).toBe(withoutVarying(direct.stdout));
    }
  });

  test('adds one line to what Codex writes, with what the API reported', async ({ bench }) => {
    const run = await work(bench);
    const lines = linesOf(run.stdout);
    expect(lines.map((line) => JSON.parse(line).type).slice(-2)).toEqual(['turn.completed', 'event_msg']);
    expectUsage(lastOf(run.stdout), run.ledger);
    expect(run.stdout.toString().endsWith('}\n')).toBe(true);
  });

  test('writes a completed turn with the usage of this run alone, where Codex adds up its thread', async ({
    bench,
  }) => {
    await work(bench);
    const env = { CODEX_METERED_EMIT: 'turn.completed' };
    const run = await bench.run(['exec', '--json', 'resume', '--last', 'work'], { env });
    const [codexs, ours] = linesOf(run.stdout)
      .slice(-2)
      .map((line) => JSON.parse(line));
    expect(ours).toMatchObject({ type: 'turn.completed', usage: usageOf(run.ledger) });
    expect(codexs.usage.input_tokens).toBe(2 * ours.usage.input_tokens);
  });

  test('reports what a run used that is ended by a signal', async ({ bench }) => {
    bench.api.add(...SCRIPT);
    const running = bench.start(['exec', '--json', 'endless'], { env: EMIT });
    await waitFor('the second request', () => bench.api.requests.length > 1);
    running.kill('SIGTERM');
    const run = await running.ended;
    expect(run.signal).toBe('SIGTERM');
    expectUsage(lastOf(run.stdout), run.ledger);
  });

  test('leaves everything alone that is no stream of JSON', async ({ bench }) => {
    bench.api.add(WORK);
    for (const args of [['--version'], ['exec', '--help'], ['features', 'list']]) {
      await expectSame(bench, args, { env: EMIT });
    }
    const human = await bench.run(['exec', 'work'], { env: EMIT });
    expect(human.stdout.toString()).toBe('Done.\n');
  });

  test('is an error before Codex starts where its form is not known', async ({ bench }) => {
    const run = await work(bench, { meter: ['--meter-emit', 'token_count'] });
    expect(run).toMatchObject({ exitCode: 2, ledger: [] });
    expect(run.stderr.toString()).toContain(
      '--meter-emit: "token_count" is not known: use usage, turn.completed or none.',
    );
  });

  test('writes nothing where the record does not come in time, and logs that', async ({ bench }) => {
    const gate = createGate();
    bench.api.add(turn('later', answer('Done.', { input: 10, output: 1 }, { until: gate.opened })));
    const running = bench.start(['exec', '--json', 'later'], { env: { ...EMIT, CODEX_METERED_WAIT: '200' } });
    await waitFor('the request', () => bench.api.requests.length > 0);
    const meter = await findMeter(running.pid);
    process.kill(meter, 'SIGSTOP');
    gate.open();
    const run = await running.ended.finally(() => process.kill(meter, 'SIGCONT'));
    expect(run.exitCode).toBe(0);
    expect(lastOf(run.stdout).type).toBe('turn.completed');
    expect(messagesOf(bench).join()).toContain('What a run used was not written to stdout');
  });
});

describe('the line of --meter-emit', () => {
  test('begins anew where Codex has left a line open', async ({ bench }) => {
    const codex = writeShellFake(bench, `"${CODEX}" "$@"; printf '{"left":"open"'`);
    const run = await work(bench, { codex });
    expect(linesOf(run.stdout).at(-2)).toBe('{"left":"open"');
    expectUsage(lastOf(run.stdout), run.ledger);
  });

  test.for(['', 'left open'])(
    'goes behind both streams in one file, without an empty line: %j',
    async (left, { bench }) => {
      const codex = writeShellFake(bench, `"${CODEX}" "$@"; printf '%s' '${left}' >&2`);
      const into = join(bench.folder, 'codex.log');
      const run = await work(bench, { codex, into });
      const log = readFileSync(into, 'utf8');
      expect(log).not.toContain('\n\n');
      if (left) expect(linesOf(log).at(-2)).toBe(left);
      expectUsage(lastOf(log), run.ledger);
    },
  );

  test('goes to a file that is appended to, behind what was there', async ({ bench }) => {
    const into = join(bench.folder, 'codex.log');
    writeFileSync(into, 'before\n');
    const run = await work(bench, { into });
    expect(linesOf(readFileSync(into, 'utf8'))[0]).toBe('before');
    expectUsage(lastOf(readFileSync(into, 'utf8')), run.ledger);
  });

  test.for(['| head -n 1 >first; ', '>/dev/full; ', '>&-; '])(
    'changes nothing where stdout ends as by %s',
    async (end, { bench }) => {
      bench.api.add(WORK);
      const outcomeOf = async (codex: string) => {
        const script = `{ ${codex} exec --json work </dev/null; echo "$?" >exit; } ${end} cat exit`;
        const env = { ...bench.env, ...EMIT, NODE: process.execPath, METERED };
        return await execa('sh', ['-c', script], { cwd: bench.workTree, env, stdin: 'ignore', extendEnv: false });
      };
      const [direct, metered] = [await outcomeOf(CODEX), await outcomeOf('"$NODE" "$METERED"')];
      expect(metered.stdout).toBe(direct.stdout);
    },
  );

  test('is given up, and that is logged, where the reader of a full pipe takes nothing', async ({ bench }) => {
    bench.api.add(WORK);
    const path = join(bench.folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const pipe = openSync(path, constants.O_RDWR);
    // What is left of it is enough for what Codex writes, and not for one line more.
    writeSync(pipe, Buffer.alloc(65_536 - 2000, 'x'));
    const child = spawn(process.execPath, [METERED, 'exec', '--json', 'work'], {
      cwd: bench.workTree,
      env: { ...bench.env, ...EMIT },
      stdio: ['ignore', pipe, 'ignore'],
    });
    bench.adopt(child);
    expect(await once(child, 'exit')).toEqual([0, null]);
    closeSync(pipe);
    expect(messagesOf(bench).join()).toContain('its reader took nothing for too long');
  });
});
