import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catchUp } from '../../src/cli/catch-up.js';
import { parsePendingChange } from '../../src/formats/pending-change.js';
import type { Log } from '../../src/log.js';
import { createPriceBook } from '../../src/pricing/prices.js';
import { openDatabase } from '../../src/store/driver.js';
import { readUnsettled } from '../../src/store/health.js';
import { Mirror } from '../../src/store/mirror.js';
import { keepPending, listPending, listRefusedPending } from '../../src/store/pending.js';
import { openStore } from '../../src/store/store.js';
import { rollout } from '../harness/fake-rollouts.js';
import { encodeLines } from '../history/sessions.js';
import { createFolder, createStore, START, sampleInvocation, sampleResponse } from '../store/samples.js';

/** No process has it. */
const DEAD = 2 ** 22 - 1;
const COMPLETED = { status: 'completed', endedAtMs: START + 5000 } as const;

/** A database, what is kept aside beside it, and a log that is remembered. */
function createMachine() {
  const folder = createFolder();
  const pending = { pendingDirectory: join(folder, 'pending'), spareDirectory: join(folder, 'spare') };
  mkdirSync(pending.pendingDirectory);
  const path = join(folder, 'usage.db');
  const store = createStore(path);
  const warnings: string[] = [];
  const log: Log = { warn: (message) => void warnings.push(message) };
  const mirror = new Mirror(
    { costRecords: undefined, estimates: 'replace', mirrorDirectory: join(folder, 'mirror') },
    log,
  );
  const prices = createPriceBook();
  return {
    ...{ folder, path, store, pending, warnings },
    at: (name: string) => join(pending.pendingDirectory, name),
    catchUp: (within = store) =>
      catchUp({ store: mirror.watch(within), pending, parse: parsePendingChange, mirror, prices, log }),
    list: (sql: string) => store.connection.prepare<[], string>(sql).pluck().all(),
  };
}

type Machine = ReturnType<typeof createMachine>;

const INVOCATIONS = 'SELECT id FROM invocations ORDER BY rowid';
const bad = { invocation: sampleInvocation('bad'), update: COMPLETED };
const json = (change: object, version: unknown = 1) => JSON.stringify({ version, change });
const withResponse = (more: object) => json({ ...bad, responses: [{ ...sampleResponse('r'), ...more }] });
const usage = (counts: object) => withResponse({ usage: { ...sampleResponse('r').usage, ...counts } });

describe('what was kept aside', () => {
  it.each<[string, (path: string, machine: Machine) => void, RegExp]>([
    ['is cut', (path) => writeFileSync(path, json(bad).slice(0, 90)), /not JSON/],
    ['is empty', (path) => writeFileSync(path, ''), /not JSON/],
    ['is a list', (path) => writeFileSync(path, '[1]'), /no record/],
    ['is of another version', (path) => writeFileSync(path, json(bad, 2)), /another version/],
    ['has no change', (path) => writeFileSync(path, '{"version":1}'), /not what it should be/],
    ['has a number for a text', (path) => writeFileSync(path, withResponse({ model: 7 })), /responses\.0\.model/],
    ['has a text for a number', (path) => writeFileSync(path, usage({ input: '7' })), /responses\.0\.usage\.input/],
    ['has a count below zero', (path) => writeFileSync(path, usage({ input: -1 })), /usage\.input/],
    ['has half a token', (path) => writeFileSync(path, usage({ output: 1.5 })), /usage\.output/],
    ['has a count out of all reason', (path) => writeFileSync(path, usage({ input: 2e9 })), /responses\.0\.usage/],
    ['has half a millisecond', (path) => writeFileSync(path, withResponse({ completedAtMs: 1.5 })), /completedAtMs/],
    ['has a day after all days', (path) => writeFileSync(path, withResponse({ completedAtMs: 8e15 })), /completedAtMs/],
    ['has a cost beyond 2^53', (path) => writeFileSync(path, withResponse({ costNanoUsd: 2 ** 60 })), /costNanoUsd/],
    ['has a word that nobody knows', (path) => writeFileSync(path, withResponse({ evidence: 'dream' })), /evidence/],
    ['has more than is known', (path) => writeFileSync(path, json({ ...bad, colour: 'red' })), /another version/],
    [
      'has a price that SQLite refuses',
      (path) => writeFileSync(path, withResponse({ price: { inputCostPer1kUsd: 'plenty' } })),
      /does not take/,
    ],
    [
      'is refused by the database',
      (path, { store }) => {
        store.connection.exec(
          `CREATE TRIGGER picky BEFORE INSERT ON invocations WHEN new.id = 'bad' BEGIN SELECT raise(ABORT, 'no'); END`,
        );
        writeFileSync(path, json(bad));
      },
      /does not take/,
    ],
    ['is a folder', (path) => mkdirSync(path), /folder/],
    ['is a pipe', (path) => void execFileSync('mkfifo', [path]), /pipe/],
    ['is a link to a device without an end', (path) => symlinkSync('/dev/zero', path), /link/],
    [
      'is larger than any record',
      (path) => {
        writeFileSync(path, '');
        truncateSync(path, 2 ** 30);
      },
      /larger/,
    ],
  ])('is set aside where it %s, told of, and holds up nobody', { timeout: 5000 }, async (_what, spoil, reason) => {
    const machine = createMachine();
    const { pending, at, warnings } = machine;
    spoil(at('bad-1000000000000.json'), machine);
    keepPending(pending, { invocation: sampleInvocation('good'), update: COMPLETED });
    await machine.catchUp();
    expect(machine.list(INVOCATIONS)).toEqual(['good']);
    expect(listRefusedPending(pending)).toEqual([
      { path: at('refused/bad-1000000000000.json'), reason: expect.stringMatching(reason) },
    ]);
    expect(existsSync(at('refused/bad-1000000000000.json'))).toBe(true);
    expect(warnings).toEqual([expect.stringContaining('set aside')]);
    await machine.catchUp();
    expect([listPending(pending), warnings]).toEqual([[], [expect.any(String)]]);
  });

  it('keeps two files of one name that are set aside one after the other', async () => {
    const machine = createMachine();
    for (const content of ['one', 'two']) {
      writeFileSync(machine.at('x.json'), content);
      await machine.catchUp();
    }
    expect(listRefusedPending(machine.pending).map(({ path }) => path)).toEqual([
      machine.at('refused/x.json'),
      machine.at('refused/x.json.2'),
    ]);
  });

  it('is taken in oldest first, whatever it is called and wherever it lies', async () => {
    const machine = createMachine();
    const keep = (folder: string, id: string, atMs: number) => {
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, `${id}-${atMs}.json`), json({ invocation: sampleInvocation(id), update: COMPLETED }));
    };
    keep(machine.pending.pendingDirectory, 'a', 1_700_000_000_003);
    keep(machine.pending.spareDirectory, 'b', 1_700_000_000_002);
    keep(machine.pending.pendingDirectory, 'c', 1_700_000_000_001);
    await machine.catchUp();
    expect(machine.list(INVOCATIONS)).toEqual(['c', 'b', 'a']);
    expect(machine.list('SELECT iteration FROM invocations ORDER BY rowid')).toEqual([1, 2, 3]);
  });

  it('waits where the database itself is locked, and is taken in by the next command', async () => {
    const machine = createMachine();
    writeFileSync(machine.at('bad-1000000000000.json'), 'cut');
    keepPending(machine.pending, { invocation: sampleInvocation('good'), update: COMPLETED });
    const store = openStore(machine.path, { mode: 'write', busyTimeoutMs: 0 });
    const other = openDatabase(machine.path);
    other.exec('BEGIN EXCLUSIVE');
    await machine.catchUp(store);
    other.exec('COMMIT');
    other.close();
    store.close();
    expect(listPending(machine.pending)).toHaveLength(1);
    await machine.catchUp();
    expect(machine.list(INVOCATIONS)).toEqual(['good']);
  });

  it('leaves alone what is no record at all', async () => {
    const machine = createMachine();
    writeFileSync(machine.at('x.json.tmp'), 'being written');
    writeFileSync(machine.at('notes.txt'), 'mine');
    await machine.catchUp();
    expect(readdirSync(machine.pending.pendingDirectory)).toEqual(['notes.txt', 'x.json.tmp']);
  });
});

describe('runs whose meter was killed', () => {
  const threadOf = (id: string) => `01a20134-5175-7ba0-a3a5-e64a7c34143${id}`;

  /** Runs of one response each, none of whose processes is left. */
  function createKilledRuns(ids: readonly string[]) {
    const machine = createMachine();
    const codexHome = join(machine.folder, 'codex');
    const sessions = join(codexHome, 'sessions', '2026', '03', '04');
    mkdirSync(sessions, { recursive: true });
    for (const id of ids) {
      const lines = [rollout.header(threadOf(id)), rollout.usageRecord(threadOf(id), 't', `r-${id}`, { input: 500 })];
      writeFileSync(join(sessions, `rollout-2026-03-04T05-06-07-${threadOf(id)}.jsonl`), encodeLines(lines));
      const pids = { meterPid: DEAD, codexPid: DEAD };
      const invocation = sampleInvocation(id, { codexHome, startedAtMs: START - 1000, ...pids });
      machine.store.record({ invocation, update: { threadId: threadOf(id) } });
    }
    return { ...machine, sessions };
  }

  const SETTLED = "SELECT id FROM invocations WHERE status = 'abandoned' ORDER BY id";

  it('are settled each by itself: one that throws is named, stops no other, and is tried again', async () => {
    const machine = createKilledRuns(['1', '2', '3']);
    machine.store.connection.exec(
      `CREATE TRIGGER picky BEFORE UPDATE ON invocations WHEN new.id = '2' BEGIN SELECT raise(ABORT, 'no'); END`,
    );
    for (const _round of [1, 2]) {
      await machine.catchUp();
      expect(machine.list(SETTLED)).toEqual(['1', '3']);
      expect(readUnsettled(machine.store.connection)).toEqual([
        expect.objectContaining({
          runId: 'nightly-7',
          reason: expect.stringMatching(/cannot be settled: .*does not take/),
        }),
      ]);
    }
    machine.store.connection.exec('DROP TRIGGER picky');
    await machine.catchUp();
    expect(machine.list(SETTLED)).toEqual(['1', '2', '3']);
    expect(machine.list('SELECT response_key FROM responses ORDER BY response_key')).toEqual(['r-1', 'r-2', 'r-3']);
    expect(readUnsettled(machine.store.connection)).toEqual([]);
  });

  it.each([
    ['no process', { meterPid: undefined, codexPid: undefined }],
    ['a process of a number that no system gives', { meterPid: 2 ** 52, codexPid: 0 }],
    ['no folder of Codex', { codexHome: undefined, meterPid: DEAD, codexPid: DEAD }],
  ])('are settled though another one has %s', async (_what, odd) => {
    const machine = createKilledRuns(['1']);
    machine.store.record({ invocation: sampleInvocation('0', { ...odd, startedAtMs: START - 2000 }) });
    await machine.catchUp();
    expect(machine.list(SETTLED)).toContain('1');
    expect(machine.list("SELECT id FROM invocations WHERE status = 'running'")).toEqual([]);
  });

  it('are settled though an entry that was kept aside is bad', async () => {
    const machine = createKilledRuns(['1']);
    writeFileSync(machine.at('1-1000000000000.json'), 'cut');
    await machine.catchUp();
    expect(machine.list(SETTLED)).toEqual(['1']);
  });

  it('are settled though a folder, a pipe and a device lie among the session files', { timeout: 10_000 }, async () => {
    const machine = createKilledRuns(['1']);
    const at = (id: string) => join(machine.sessions, `rollout-2026-03-04T05-06-07-${threadOf(id)}.jsonl`);
    mkdirSync(at('7'));
    execFileSync('mkfifo', [at('8')]);
    symlinkSync('/dev/zero', at('9'));
    await machine.catchUp();
    expect(machine.list(SETTLED)).toEqual(['1']);
    expect(machine.list('SELECT response_key FROM responses')).toEqual(['r-1']);
  });

  it('are settled without a response whose count cannot be, which a note names by file and line', async () => {
    const machine = createKilledRuns(['1']);
    const lines = [
      rollout.header(threadOf('1')),
      rollout.usageRecord(threadOf('1'), 't', 'large', { input: 2 ** 50 }),
      rollout.usageRecord(threadOf('1'), 't', 'r-1', { input: 500 }),
    ];
    const name = `rollout-2026-03-04T05-06-07-${threadOf('1')}.jsonl`;
    writeFileSync(join(machine.sessions, name), encodeLines(lines));
    await machine.catchUp();
    expect(machine.list('SELECT response_key FROM responses')).toEqual(['r-1']);
    expect(machine.list("SELECT figures FROM notes WHERE kind = 'unreadable'").map((row) => JSON.parse(row))).toEqual([
      { lines: 1, firstLine: 2, file: name },
    ]);
  });
});
