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
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { writeShellFake } from '../harness/fake-codex.js';
import { rollout, writeRolloutFake } from '../harness/fake-rollouts.js';
import { expectExact, readRecord } from '../harness/record.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import { METERED, type Workbench } from '../harness/workbench.js';
import { type LedgerEntry, sumLedger } from '../scripted-api/ledger.js';
import { answer, shell, turn } from '../scripted-api/script.js';

const THREAD = '0199a213-81c0-7800-8aa1-bbab2a035a53';
const LOOP = turn(
  'loop',
  shell('true', { input: 1000, cached: 200, output: 20, reasoning: 5 }),
  answer('Done.', { input: 1500, cached: 900, output: 30 }),
);

const LOOPING = ['exec', '--json', '--dangerously-bypass-approvals-and-sandbox', 'loop'];

const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
const readEvents = (path: string) =>
  readFileSync(path, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

/** A Codex whose session file has `count` responses. */
function writeTalker(bench: Workbench, count: number): string {
  const responses = Array.from({ length: count }, (_, index) => {
    return rollout.usageRecord(THREAD, 'turn', `resp_${index}`, { input: 100, output: 10 });
  });
  const lines = [rollout.header(THREAD), rollout.turnContext('turn'), ...responses];
  return writeRolloutFake(bench, {
    files: [{ threadId: THREAD, lines }],
    stdout: [JSON.stringify({ type: 'thread.started', thread_id: THREAD })],
  });
}

function sums(entries: readonly LedgerEntry[]) {
  const { input, cached, cacheWrite, output, reasoning } = sumLedger(entries);
  return {
    ...{ inputTokens: input, cachedInputTokens: cached, cacheWriteTokens: cacheWrite },
    ...{ outputTokens: output, reasoningTokens: reasoning, totalTokens: input + output },
  };
}

describe('--meter-report', () => {
  test('writes what a real Codex used, as the API billed it', async ({ bench }) => {
    bench.api.add(LOOP);
    const path = join(bench.folder, 'report.json');
    const meter = ['--meter-report', path, '--meter-run-id', 'r1', '--meter-budget-usd', 'run=5'];
    const run = await bench.run(LOOPING, { meter });
    const { responses, threadId } = expectExact(bench, run);
    const costNanoUsd = responses.reduce((sum, one) => sum + (one.costNanoUsd ?? 0), 0);
    const report = readJson(path);
    expect(report).toMatchObject({
      ...{ schemaVersion: 1, kind: 'invocation', projectId: 'shop', runId: 'r1', phase: 'other', iteration: 1 },
      ...{ command: 'exec', threadId, childThreadIds: [], status: 'completed', exitCode: 0, signal: null },
      ...{ source: 'actual', evidence: ['usage_record'], modelNames: ['gpt-5.3-codex'], responseCount: 2 },
      ...{ ...sums(run.ledger), costNanoUsd, costUsd: costNanoUsd / 1e9 },
      models: [{ model: 'gpt-5.3-codex', source: 'actual', responseCount: 2, ...sums(run.ledger), costNanoUsd }],
      budget: {
        ...{ onBudget: 'stop', state: 'within' },
        limits: [{ scope: 'run', unit: 'usd', limitUsd: 5, spentUsd: costNanoUsd / 1e9 }],
      },
      notes: [],
    });
    expect(report.durationMs).toBe(Date.parse(report.endedAt) - Date.parse(report.startedAt));
    expect(readdirSync(bench.folder).filter((name) => name.startsWith('report'))).toEqual(['report.json']);
  });

  test('says how a budget ended it, and that one which is spent let nothing start', async ({ bench }) => {
    const path = join(bench.folder, 'report.json');
    const meter = ['--meter-run-id', 'r1', '--meter-budget-tokens', 'run=100', '--meter-report', path];
    const codex = writeTalker(bench, 1);
    expect(await bench.run(['exec', '--json', 'x'], { codex, meter })).toMatchObject({ exitCode: 99 });
    const limits = [{ scope: 'run', unit: 'tokens', limitTokens: 100, spentTokens: 110, share: 1.1 }];
    expect(readJson(path)).toMatchObject({ exitCode: 99, responseCount: 1, budget: { state: 'reached', limits } });
    expect(await bench.run(['exec', '--json', 'x'], { codex, meter })).toMatchObject({ exitCode: 99 });
    expect(readJson(path)).toMatchObject({
      ...{ invocationId: null, status: 'refused', exitCode: 99, responseCount: 0, costUsd: null },
      budget: { state: 'reached', limits },
    });
  });

  test('that cannot be written at the end is a warning, and the record stays', async ({ bench }) => {
    const folder = join(bench.folder, 'reports');
    mkdirSync(folder);
    const codex = writeShellFake(bench, `rm -r '${folder}'; exit 3`);
    const run = await bench.run(['exec', 'x'], { codex, env: { CODEX_METERED_REPORT: join(folder, 'report.json') } });
    expect(run.exitCode).toBe(3);
    expect(run.stderr.toString()).toMatch(
      /^codex-metered: the report could not be written: ENOENT.+The record is complete/,
    );
    expect(readRecord(bench.database)).toMatchObject([{ status: 'failed', exitCode: 3 }]);
  });

  test('of a run that is killed is this run’s, not an earlier one’s', async ({ bench }) => {
    const path = join(bench.folder, 'report.json');
    writeFileSync(path, '{}');
    const run = await bench.run(['exec', 'x'], {
      codex: writeShellFake(bench, 'sleep 0.5; kill -9 $PPID; exec sleep 60'),
      meter: ['--meter-report', path],
    });
    expect(run.signal).toBe('SIGKILL');
    await waitFor('the report', () => existsSync(path));
    expect(readJson(path)).toMatchObject({ kind: 'invocation', status: 'interrupted', signal: 'SIGKILL' });
  });
});

describe('--meter-events', () => {
  test('reports the start, each response as it happens, and the end', async ({ bench }) => {
    bench.api.add(LOOP);
    const path = join(bench.folder, 'events.jsonl');
    const run = await bench.run(LOOPING, { meter: ['--meter-events', path] });
    const events = readEvents(path);
    expect(events.map(({ event }) => event)).toEqual(['start', 'response', 'response', 'end']);
    const [start, first, second, end] = events;
    expect(start).toMatchObject({ schemaVersion: 1, projectId: 'shop', command: 'exec', phase: 'other' });
    for (const [index, told] of [first, second].entries()) {
      expect(told).toMatchObject({
        ...{ invocationId: start.invocationId, responseKey: run.ledger[index]?.responseId },
        ...{ model: 'gpt-5.3-codex', source: 'actual', ...sums(run.ledger.slice(index, index + 1)) },
        totals: { responseCount: index + 1, ...sums(run.ledger.slice(0, index + 1)) },
      });
    }
    expect(end).toMatchObject({ status: 'completed', exitCode: 0, responseCount: 2, droppedEventCount: 0 });
  });

  test.for([3, 9, 60])('goes to descriptor %i, which Codex does not get', async (fd, { bench }) => {
    const codex = writeShellFake(bench, `ls /proc/$$/fd > "$HOME/fds"`);
    const path = join(bench.folder, 'events');
    const events = openSync(path, 'a');
    const stdio: (number | 'ignore')[] = Array.from({ length: fd + 1 }, () => 'ignore');
    stdio[fd] = events;
    const child = spawn(process.execPath, [METERED, '--meter-events', `fd:${fd}`, 'exec', '--json', 'x'], {
      cwd: bench.workTree,
      env: { ...bench.env, CODEX_METERED_CODEX: codex },
      stdio,
    });
    closeSync(events);
    expect(await once(child, 'exit')).toEqual([0, null]);
    expect(readEvents(path).map(({ event }) => event)).toEqual(['start', 'end']);
    expect(readFileSync(join(bench.folder, 'fds'), 'utf8').split('\n')).not.toContain(String(fd));
  });

  test('never waits for a reader who has stopped reading, or is gone', async ({ bench }) => {
    const path = join(bench.folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const codex = writeTalker(bench, 300);
    const reader = openSync(path, constants.O_RDWR);
    const stalled = await bench.run(['exec', '--json', 'x'], { codex, meter: ['--meter-events', path] });
    expect(stalled).toMatchObject({ exitCode: 0, stderr: Buffer.from('') });
    closeSync(reader);
    const leaving = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const gone = bench.start(['exec', '--json', 'x'], { codex, meter: ['--meter-events', path] });
    closeSync(leaving);
    expect([0, 2]).toContain((await gone.ended).exitCode);
    expect(readRecord(bench.database)[0]?.responses).toHaveLength(300);
  });
});

test('the document has every field of the report and of the events', async ({ bench }) => {
  const [report, events] = [join(bench.folder, 'report.json'), join(bench.folder, 'events')];
  const budget = ['--meter-budget-tokens', '1', '--meter-budget-usd', '9'];
  const meter = ['--meter-report', report, '--meter-events', events, ...budget];
  await bench.run(['exec', '--json', 'x'], { codex: writeTalker(bench, 1), meter });
  const document = readFileSync(new URL('../../docs/json.md', import.meta.url), 'utf8');
  const told = [readJson(report), ...readEvents(events)];
  expect(told.map(({ event }) => event)).toEqual([undefined, 'start', 'response', 'budget', 'end']);
  const fields = new Set(told.flatMap(listFields));
  expect([...fields].filter((field) => !document.includes(`\`${field}\``))).toEqual([]);
});

describe('what cannot be written', () => {
  const NOT_OPEN = /fd:\d cannot be written: the caller has not opened that descriptor|EBADF|EINVAL/;

  test.for([
    ['--meter-report', 'no/such/folder/report.json', /the report .+ cannot be written: there is no folder/],
    ['--meter-report', '.', /the report .+ cannot be written: it is not a file/],
    ['--meter-events', 'no/such/folder/events', /events cannot be written: ENOENT/],
    ['--meter-events', 'fd:1', /fd:1 cannot be written: use the number of a descriptor above 2, such as fd:3/],
    ['--meter-events', 'fd:three', /use the number of a descriptor above 2/],
    ['--meter-events', 'fd:60', /fd:60 cannot be written: EBADF/],
    ...['fd:3', 'fd:4', 'fd:5'].map((fd) => ['--meter-events', fd, NOT_OPEN] as const),
  ] as const)('is an error before Codex starts: %s %s', async ([option, value, message], { bench }) => {
    const codex = writeShellFake(bench, 'echo started');
    const run = await bench.run(['exec', 'x'], { codex, meter: [option, value] });
    expect(run).toMatchObject({ exitCode: 2, stdout: Buffer.from('') });
    expect(run.stderr.toString()).toMatch(message);
    expect(run.stderr.toString()).toContain(`codex-metered: ${option}: `);
  });

  test('is an error for a pipe that nobody reads', async ({ bench }) => {
    const path = join(bench.folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const run = await bench.run(['exec', 'x'], { codex: writeShellFake(bench, ':'), meter: ['--meter-events', path] });
    expect(run.exitCode).toBe(2);
    expect(run.stderr.toString()).toContain('cannot be written: nobody reads from it.');
  });
});

/** The names of all fields, but for those whose content is not ours to name. */
function listFields(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(listFields);
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([name, content]) => {
    return ['price', 'figures', 'attribution'].includes(name) ? [name] : [name, ...listFields(content)];
  });
}
