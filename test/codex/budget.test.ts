import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect } from 'vitest';
import { isAlive } from '../../src/process/processes.js';
import { writeShellFake } from '../harness/fake-codex.js';
import { rollout, writeRolloutFake } from '../harness/fake-rollouts.js';
import { countResponses, expectExact, readRecord, recordOf } from '../harness/record.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import type { RunOptions, Workbench } from '../harness/workbench.js';
import { limitHeaders } from '../scripted-api/limits.js';
import { answer, type Reply, shell, turn } from '../scripted-api/script.js';

const STOPPED = 99;
const HOOK_LIMIT_MS = 10_000;
/** gpt-5.3-codex asks 1.75 USD per million tokens of input and 14 of output: one response is 0.0154 USD. */
const USAGE = { input: 8000, output: 100 };
const COST_NANO_USD = 8000 * 1750 + 100 * 14_000;
const THREAD = '0199a213-81c0-7800-8aa1-bbab2a035a53';
const FULL_ACCESS = '--dangerously-bypass-approvals-and-sandbox';

/** A loop of `count` responses that call a tool each; the one behind them is held until the test is over. */
function scriptLoop(bench: Workbench, prompt: string, count: number): void {
  bench.api.add(turn(prompt, ...Array<Reply>(count).fill(shell('true', USAGE)), { hang: true }));
}

function stderrOf({ stderr }: { stderr: Buffer }): string[] {
  return [...stderr.toString().matchAll(/^codex-metered: (.*)$/gm)].map(([, text = '']) => text);
}

/** A budget that `responses` responses of this file do not exceed and the next one does. */
function usdFor(responses: number): string {
  return String(((responses + 0.5) * COST_NANO_USD) / 1e9);
}

beforeEach<{ bench: Workbench }>(({ bench }) => bench.api.add(turn('once', answer('Done.', USAGE))));

/** Runs one response, and asserts how that ends. */
async function runOnce(bench: Workbench, meter: readonly string[], exitCode = 0, options: RunOptions = {}) {
  const run = await bench.run(['exec', 'once'], { ...options, meter });
  expect(run).toMatchObject({ exitCode, signal: null });
  return run;
}

describe('a budget that is reached', () => {
  test('ends a real Codex at the response that crosses it, every time in 20 tries', { timeout: 240_000 }, async ({
    bench,
  }) => {
    const crossing = 6;
    scriptLoop(bench, 'loop', crossing);
    const meter = ['--meter-budget-usd', usdFor(5)];
    for (let attempt = 0; attempt < 20; attempt++) {
      const run = await bench.run(['exec', '--json', FULL_ACCESS, 'loop'], { meter });
      const invocation = expectExact(bench, run, crossing);
      expect(invocation).toMatchObject({ status: 'over budget', exitCode: 1, signal: 'SIGINT' });
      expect(invocation.notes.filter(({ kind }) => kind === 'budget')).toHaveLength(1);
      expect(run).toMatchObject({ exitCode: STOPPED, signal: null });
      expect(stderrOf(run).slice(-2)).toEqual([
        'the budget of $0.0847 for this invocation is reached, $0.0924: ending Codex.',
        'ended by the budget of $0.0847 for this invocation ($0.0924). This invocation: $0.0924, 48,600 tokens in 6 responses.',
      ]);
    }
  });
});

describe('what ends with Codex', () => {
  test('is what its tools have running, and nobody else', async ({ bench }) => {
    const pidFile = join(bench.folder, 'running');
    const cmd = `setsid sleep 600 & echo $! > ${pidFile}; sleep 600`;
    bench.api.add(
      turn(
        'go',
        { calls: [{ tool: 'exec_command', cmd, yieldMs: 250 }], usage: { input: 100, output: 10 } },
        shell('true', USAGE),
        { hang: true },
      ),
    );
    bench.api.add(turn('other', { hang: true }));
    const other = bench.start(['exec', '--json', 'other']);
    const run = await bench.run(['exec', '--json', FULL_ACCESS, 'go'], { meter: ['--meter-budget-usd', '0.01'] });
    const pid = Number(readFileSync(pidFile, 'utf8'));
    const leftRunning = isAlive(pid, Date.now());
    if (leftRunning) process.kill(pid, 'SIGKILL');
    expect(run).toMatchObject({ exitCode: STOPPED });
    expect(leftRunning).toBe(false);
    expect(isAlive(other.pid, Date.now())).toBe(true);
    other.kill('SIGTERM');
    await other.ended;
  });

  test('is Codex itself, though it takes no notice of being asked', async ({ bench }) => {
    const told = join(bench.folder, 'told');
    const codex = writeRolloutFake(bench, {
      files: [
        {
          threadId: THREAD,
          lines: [
            rollout.header(THREAD),
            rollout.turnContext('turn'),
            rollout.usageRecord(THREAD, 'turn', 'resp_1', { input: 8000, output: 100 }),
          ],
        },
      ],
      afterwards: `for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => fs.appendFileSync(${JSON.stringify(told)}, signal + ' '));
        setInterval(() => {}, 1000); await new Promise(() => {});`,
    });
    const run = await bench.run(['exec', '--json', 'x'], { codex, meter: ['--meter-budget-usd', '0.01'] });
    expect(run).toMatchObject({ exitCode: STOPPED, signal: null });
    expect(readFileSync(told, 'utf8')).toBe('SIGINT SIGTERM ');
    expect(recordOf(bench, run)).toMatchObject({
      status: 'over budget',
      signal: 'SIGKILL',
      responses: [{ input: 8000 }],
    });
  });
});

describe('a budget of a run', () => {
  test('counts its other invocations, and one that finds it spent does not start', async ({ bench }) => {
    scriptLoop(bench, 'loop', 2);
    const meter = ['--meter-run-id', 'r1', '--meter-budget-usd', `run=${usdFor(2)}`];
    await runOnce(bench, meter);
    const crossed = await bench.run(['exec', '--json', FULL_ACCESS, 'loop'], { meter });
    expect(crossed).toMatchObject({ exitCode: STOPPED });
    expectExact(bench, crossed, 2);

    const codex = writeShellFake(bench, 'echo started');
    const refused = await runOnce(bench, meter, STOPPED, { codex });
    expect(refused.stdout.toString()).toBe('');
    expect(stderrOf(refused)).toEqual([
      'Codex was not started: the budget is spent of $0.0385 for run r1 ($0.0462). Raise it, or lift it: --meter-budget-usd run=none.',
    ]);
    expect(readRecord(bench.database)).toHaveLength(2);
    await runOnce(bench, [...meter.slice(0, 2), '--meter-budget-usd', 'run=none']);
    await runOnce(bench, ['--meter-run-id', 'r2', ...meter.slice(2)]);
  });

  test('holds for invocations that go on side by side', async ({ bench }) => {
    scriptLoop(bench, 'first', 1);
    const meter = ['--meter-run-id', 'r1', '--meter-budget-usd', `run=${usdFor(1)}`];
    const first = bench.start(['exec', '--json', FULL_ACCESS, 'first'], { meter });
    await waitFor('the first response', () => countResponses(bench) === 1);
    scriptLoop(bench, 'second', 1);
    const second = await bench.run(['exec', '--json', FULL_ACCESS, 'second'], { meter });
    expect(second).toMatchObject({ exitCode: STOPPED });
    first.kill('SIGTERM');
    await first.ended;
  });
});

describe("a budget of a project's day", () => {
  test('counts all its runs, by the day of the time zone that is set', async ({ bench }) => {
    const path = join(bench.workTree, 'codex-metered.toml');
    writeFileSync(path, '[budget.day]\ntokens = 8_100\n');
    await runOnce(bench, ['--meter-run-id', 'a', '--meter-on-budget', 'warn']);
    const refused = await runOnce(bench, ['--meter-run-id', 'b'], STOPPED);
    expect(stderrOf(refused)).toEqual([
      'Codex was not started: the budget is spent of 8,100 tokens a day for project shop (8,100 tokens). Raise it, or lift it: --meter-budget-tokens day=none.',
    ]);
    expect((await runOnce(bench, ['--meter-project', 'store'], STOPPED)).ledger).toHaveLength(1);
  });
});

describe('a budget of a week and a month', () => {
  test.for(['week', 'month'])('is one of a %s', async (scope, { bench }) => {
    const meter = ['--meter-budget-tokens', `${scope}=8100`];
    const reaching = await runOnce(bench, ['--meter-run-id', 'a', ...meter], STOPPED);
    const { status, notes } = recordOf(bench, reaching);
    expect(status).toBe('over budget');
    expect(notes.map(({ reason }) => reason)).toContain(`the budget of the ${scope} was reached: Codex was ended`);
    const refused = await runOnce(bench, ['--meter-run-id', 'b', ...meter], STOPPED);
    expect(stderrOf(refused).join()).toContain(`8,100 tokens a ${scope} for project shop (8,100 tokens)`);
  });
});

describe('--meter-min-left', () => {
  const MIN_LEFT = ['--meter-min-left', '5h=20%,week=1%,3d=99%'];
  const RESETS_AT = Math.floor(Date.now() / 1000) + 3600;

  /** A run that reports how much of its rate limits is used. */
  async function useUp(bench: Workbench, usedPercent: number, resetsAt = RESETS_AT) {
    const headers = limitHeaders({ primary: { usedPercent, windowMinutes: 300, resetsAt } });
    bench.api.add(turn('once', answer('Done.', USAGE, { headers })));
    await runOnce(bench, ['--meter-wait', '10000']);
  }

  test('keeps Codex from starting where less is left, and not where nothing is known', async ({ bench }) => {
    await runOnce(bench, MIN_LEFT);
    await useUp(bench, 85);
    const refused = await runOnce(bench, MIN_LEFT, STOPPED);
    expect(refused.ledger).toEqual([]);
    const until = new Date(RESETS_AT * 1000).toISOString();
    expect(stderrOf(refused)).toEqual([
      `Codex was not started: 15% of the 5h rate limit is left, and --meter-min-left asks for 20%. It is full again at ${until}.`,
    ]);
    const warned = await runOnce(bench, [...MIN_LEFT, '--meter-on-budget', 'warn']);
    expect(stderrOf(warned)[0]).toMatch(/^15% of the 5h rate limit is left/);
    expect(recordOf(bench, warned)).toMatchObject({
      status: 'completed',
      notes: [{ kind: 'budget', figures: JSON.stringify({ window: '5h', leftPercent: 15, minPercent: 20 }) }],
    });
  });

  test('lets Codex start where enough is left, or the window has been reset since', async ({ bench }) => {
    await useUp(bench, 80);
    await runOnce(bench, MIN_LEFT);
    await useUp(bench, 99, Math.floor(Date.now() / 1000));
    await runOnce(bench, MIN_LEFT);
  });
});

describe('a hook', () => {
  /** Hooks are in the file of the user. */
  function writeHooks(bench: Workbench, command: string): Record<string, string> {
    const folder = join(bench.folder, 'config', 'codex-metered');
    mkdirSync(folder, { recursive: true });
    const lines = ['near', 'reached', 'run_end', 'unpriced'].map((name) => `${name} = '${command}'`);
    writeFileSync(join(folder, 'codex-metered.toml'), `[hooks]\n${lines.join('\n')}\n`);
    return { XDG_CONFIG_HOME: join(bench.folder, 'config') };
  }

  test('is called at each mark of a budget, for a model without a price and at the end', async ({ bench }) => {
    const file = join(bench.folder, 'told');
    const env = writeHooks(bench, `cat >> ${file}`);
    const reply: Reply = shell('true', { input: 850, output: 50 });
    bench.api.add(turn('go', reply, answer('Done.', { input: 850, output: 50 })));
    const meter = ['--meter-budget-tokens', '1000'];
    const run = await bench.run(['exec', '--json', FULL_ACCESS, '-m', 'house', 'go'], { meter, env });
    expect(run).toMatchObject({ exitCode: STOPPED });
    const events = await waitFor('the last hook', () => {
      const lines = existsSync(file) ? readFileSync(file, 'utf8').trim().split('\n') : [];
      return lines.length === 4 && lines.map((line) => JSON.parse(line));
    });
    const byName = new Map(events.map((event) => [event.hook, event]));
    expect(byName.get('near').budget).toMatchObject({ scope: 'invocation', spentTokens: 900 });
    expect(byName.get('reached').budget).toMatchObject({ scope: 'invocation', spentTokens: 1800 });
    expect(byName.get('unpriced')).toMatchObject({ model: 'house', invocationId: recordOf(bench, run).id });
    expect(byName.get('run_end').report).toMatchObject({ status: 'over budget', exitCode: STOPPED });
  });

  test('that hangs or fails holds up nobody', async ({ bench }) => {
    const env = writeHooks(bench, 'sleep 600');
    const startedAt = performance.now();
    const run = await runOnce(bench, [], 0, { env });
    expect(performance.now() - startedAt).toBeLessThan(HOOK_LIMIT_MS);
    expect(expectExact(bench, run).status).toBe('completed');
    const log = join(bench.stateFolder, 'codex-metered.log');
    await waitFor('the log', () => existsSync(log) && readFileSync(log, 'utf8').includes('was killed'));
  });
});

describe('--meter-on-budget warn', () => {
  test('says so at four fifths and when all is spent, once each, and leaves Codex alone', async ({ bench }) => {
    bench.api.add(turn('loop', ...Array<Reply>(9).fill(shell('true', USAGE)), answer('Done.', USAGE)));
    const run = await bench.run(['exec', '--json', FULL_ACCESS, 'loop'], {
      meter: ['--meter-budget-usd', usdFor(5), '--meter-on-budget', 'warn'],
    });
    expect(run).toMatchObject({ exitCode: 0 });
    expectExact(bench, run, 10);
    expect(stderrOf(run)).toEqual([
      '90 % of the budget of $0.0847 for this invocation is spent: $0.0770.',
      'all of the budget of $0.0847 for this invocation is spent: $0.0924.',
    ]);
  });
});

describe('what counts toward a budget', () => {
  test('are the responses of sub-agents too', async ({ bench }) => {
    const spawnAgent = { tool: 'spawn_agent', namespace: 'multi_agent_v1', arguments: { message: 'child task' } };
    bench.api.add(turn('parent', { calls: [spawnAgent], usage: { input: 100, output: 10 } }, { hang: true }), {
      prompt: 'child task',
      thread: 'child',
      replies: [shell('true', USAGE), { hang: true }],
    });
    const meter = ['--meter-budget-tokens', '8000'];
    const run = await bench.run(['exec', '--json', FULL_ACCESS, 'parent'], { meter });
    expect(run).toMatchObject({ exitCode: STOPPED });
    expectExact(bench, run, 2);
  });

  test('are only the tokens of a model without a price, and that is said', async ({ bench }) => {
    const args = ['exec', '--json', '-m', 'house-model', 'once'];
    const usd = await bench.run(args, { meter: ['--meter-budget-usd', '0.000001'] });
    expect(usd).toMatchObject({ exitCode: 0 });
    expect(stderrOf(usd)).toEqual([
      'no price is known for house-model: it counts toward budgets in tokens, not toward those in USD.',
    ]);
    const tokens = await bench.run(args, { meter: ['--meter-budget-tokens', '8100'] });
    expect(tokens).toMatchObject({ exitCode: STOPPED });
  });

  test('are estimated responses too, marked as such', async ({ bench }) => {
    bench.api.add(turn('once', answer('Done.', null)));
    const run = await bench.run(['exec', '--json', 'once'], { meter: ['--meter-budget-tokens', '10'] });
    expect(run).toMatchObject({ exitCode: STOPPED });
    expect(stderrOf(run).at(-1)).toMatch(/^ended by the budget of 10 tokens for this invocation \(~[\d,]+ tokens\)\./);
  });
});
