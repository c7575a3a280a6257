import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { beforeEach, describe, expect } from 'vitest';
import { readPaths } from '../../src/config/paths.js';
import { type Connection, openDatabase } from '../../src/store/driver.js';
import { untilMetersEnd } from '../harness/children.js';
import { expectUndisturbed } from '../harness/compare.js';
import { type FakeRollout, rollout, writeRolloutFake } from '../harness/fake-rollouts.js';
import { countResponses, expectExact, readLog, readRecord, recordOf } from '../harness/record.js';
import { test } from '../harness/test.js';
import { createGate, waitFor } from '../harness/wait.js';
import type { Workbench } from '../harness/workbench.js';
import { answer, type Reply, type Scenario, shell, turn } from '../scripted-api/script.js';

/** Texts that must be in nothing that is recorded or logged. */
const SECRETS = ['zebra-crossing', 'pelican-figures', 'walrus-tool'];

const TURN: Scenario = turn(
  'zebra-crossing',
  shell('echo walrus-tool', { input: 900, cached: 128, output: 21 }),
  answer('pelican-figures', { input: 1000, cached: 896, cacheWrite: 32, output: 12, reasoning: 4 }),
);
const ARGS = ['exec', '--json', 'please zebra-crossing'];

beforeEach<{ bench: Workbench }>(({ bench }) => bench.api.add(TURN));

const THREAD = '01a20131-e459-7d31-8cdb-60b6966c8fdd';
const TURN_ID = '01a20131-e479-7371-bcf4-167361518fea';

describe('a database that cannot be written', () => {
  /** Each damages the database at the usual path, and returns how it is repaired when that is more than to remove it. */
  const SPOILED: Record<string, (database: string) => undefined | (() => void)> = {
    'is a folder': (database) => void mkdirSync(database),
    'is no database': (database) => void writeFileSync(database, 'This is a text, and a long one. '.repeat(1000)),
    'stands below a file': (database) => {
      rmSync(dirname(database), { recursive: true });
      writeFileSync(dirname(database), 'a file');
      return () => rmSync(dirname(database));
    },
    'was made by a newer codex-metered': (database) => {
      change(database, (newer) => newer.pragma('user_version = 999'));
      return () => {
        change(database, (same) => expect(same.pragma('user_version', { simple: true })).toBe(999));
        rmSync(database);
      };
    },
    'is cut off in the middle': (database) => {
      const rows = `INSERT INTO t SELECT randomblob(1000) FROM json_each('[${Array(500).fill(0)}]')`;
      change(database, (whole) => whole.exec(`CREATE TABLE t (x); ${rows}`));
      writeFileSync(database, readFileSync(database).subarray(0, 20_000));
    },
    'is locked as long as Codex runs': (database) => {
      const other = openDatabase(database);
      other.exec('BEGIN EXCLUSIVE');
      return () => other.close();
    },
  };

  function change(database: string, how: (connection: Connection) => void): void {
    const connection = openDatabase(database);
    how(connection);
    connection.close();
  }

  test.for(Object.entries(SPOILED))(
    'because it %s: Codex does not notice, and the next run records both',
    async ([, spoil], { bench }) => {
      const direct = await bench.run(ARGS, { direct: true });
      mkdirSync(dirname(bench.database));
      const repair = spoil(bench.database) ?? (() => rmSync(bench.database, { recursive: true }));
      const spoiled = await bench.run(ARGS);
      expectUndisturbed(spoiled, direct);
      expect(pendingFiles(bench)).toHaveLength(1);
      expectLogged(bench, /kept aside/);

      repair();
      const next = await bench.run(ARGS);
      expect(pendingFiles(bench)).toEqual([]);
      expectExact(bench, spoiled);
      expectExact(bench, next);
      expect(recordOf(bench, spoiled)).toMatchObject({ status: 'completed', exitCode: 0, iteration: 1 });
      await expectNoSecrets(bench);
    },
  );

  test('in a folder that is missing is made with it', async ({ bench }) => {
    const database = join(bench.folder, 'not', 'yet', 'there', 'usage.db');
    const run = await bench.run(ARGS, { meter: ['--meter-db', database] });
    expectExact({ ...bench, database }, run);
    expect(existsSync(bench.database)).toBe(false);
  });

  test('only at first is written when it can be', async ({ bench }) => {
    const gate = createGate();
    bench.api.add({ ...TURN, replies: [TURN.replies[0], { ...TURN.replies[1], until: gate.opened }] as Reply[] });
    mkdirSync(dirname(bench.database));
    const other = openDatabase(bench.database);
    other.exec('BEGIN EXCLUSIVE');
    const running = bench.start(ARGS);
    await waitFor('the second request', () => bench.api.requests.length === 2);
    other.close();
    await waitFor('the first row', () => countResponses(bench) === 1);
    gate.open();
    expectExact(bench, await running.ended);
    expect(pendingFiles(bench)).toEqual([]);
  });

  test('nor the state folder: Codex does not notice, and the temporary folder keeps the record', async ({ bench }) => {
    const env = { TMPDIR: join(bench.folder, 'temporary') };
    mkdirSync(env.TMPDIR);
    for (const path of [dirname(bench.database), bench.stateFolder]) writeFileSync(path, 'a file');
    const spoiled = [];
    for (const args of [ARGS, ['exec', 'please zebra-crossing']]) {
      const run = await bench.run(args, { env });
      expectUndisturbed(run, await bench.run(args, { direct: true, env }));
      spoiled.push(run);
    }
    for (const path of [dirname(bench.database), bench.stateFolder]) rmSync(path);
    await bench.run(ARGS, { env });
    for (const run of spoiled) expectExact(bench, run);
    expect(readdirSync(env.TMPDIR).filter((name) => name.startsWith('codex-metered-'))).toHaveLength(1);
    await expectNoSecrets(bench);
  });

  test('nor the state folder, and the temporary one is another user’s: nothing is written there', async ({ bench }) => {
    const spare = readPaths(bench.env).spareDirectory;
    const env = { TMPDIR: join(bench.folder, 'temporary') };
    mkdirSync(env.TMPDIR);
    symlinkSync(bench.folder, join(env.TMPDIR, basename(spare)));
    const direct = await bench.run(ARGS, { direct: true, env });
    for (const path of [dirname(bench.database), bench.stateFolder]) writeFileSync(path, 'a file');
    const before = readdirSync(bench.folder);
    expectUndisturbed(await bench.run(ARGS, { env }), direct);
    expect(readdirSync(bench.folder)).toEqual(before);
  });

  test('a record that was kept aside and is spoiled is set aside, and is reported', async ({ bench }) => {
    const pending = join(bench.stateFolder, 'pending');
    mkdirSync(pending, { recursive: true });
    writeFileSync(join(pending, 'one.json'), '{"version":1,"change":{"invoc');
    writeFileSync(join(pending, 'two.json'), '{"version":77,"change":{}}');
    expectExact(bench, await bench.run(ARGS));
    expect(pendingFiles(bench)).toEqual(['refused']);
    const refused = readdirSync(join(pending, 'refused')).filter((name) => name.endsWith('.json'));
    expect(refused).toEqual(['one.json', 'two.json']);
    expectLogged(bench, /kept aside cannot be recorded/);
  });
});

describe('a session file', () => {
  const whole = [
    rollout.header(THREAD),
    rollout.turnStarted(TURN_ID),
    rollout.turnContext(TURN_ID),
    rollout.usageRecord(THREAD, TURN_ID, 'resp_1', { input: 500, cachedInput: 20, output: 31, reasoning: 3 }),
    rollout.tokenCount({ input: 500, cachedInput: 20, output: 31, reasoning: 3 }),
  ];
  const second = rollout.usageRecord(THREAD, TURN_ID, 'resp_2', { input: 700, output: 9 });
  const EVENTS = [{ type: 'thread.started', thread_id: THREAD }, { type: 'turn.started' }];

  /** Runs a Codex that writes a session file of these lines, if any, and these events. */
  async function runWith(bench: Workbench, files: FakeRollout['lines'][], more: object[] = []) {
    const stdout = [...EVENTS, ...more].map((event) => JSON.stringify(event));
    const codex = writeRolloutFake(bench, { files: files.map((lines) => ({ threadId: THREAD, lines })), stdout });
    const run = await bench.run(['exec', '--json', '--model', 'gpt-5.3-codex', 'x'], { codex });
    expect(run).toMatchObject({ exitCode: 0, stderr: Buffer.alloc(0), stdout: Buffer.from(`${stdout.join('\n')}\n`) });
    return recordOf(bench, run);
  }

  const BAD: [string, FakeRollout['lines'], string[], Record<string, number>][] = [
    [
      'that is cut off in the middle of a line',
      [...whole, Buffer.from(JSON.stringify(second).slice(0, 150))],
      ['resp_1'],
      { 'not JSON': 1 },
    ],
    [
      'with records of types that nobody knows',
      [
        ...whole,
        { timestamp: '@NOW@', type: 'shiny_new_record', payload: { text: 'zebra-crossing' } },
        { timestamp: '@NOW@', type: 'shiny_new_record', payload: {} },
        { timestamp: '@NOW@', type: 'event_msg', payload: { type: 'shiny_new_event' } },
        second,
      ],
      ['resp_1', 'resp_2'],
      { 'unknown record type shiny_new_record': 2 },
    ],
    [
      'with invalid UTF-8, zeros and empty lines',
      [
        ...whole,
        Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28, 0x0a, 0x0a, 0x0a]),
        Buffer.from(`${JSON.stringify(rollout.item('X')).replace('X', '\xff\xfe\xc3')}\n`, 'latin1'),
        Buffer.from(`${JSON.stringify({ ...second, note: 'X' }).replace('X', '\xff\xc3')}\n`, 'latin1'),
      ],
      ['resp_1', 'resp_2'],
      { 'not JSON': 1 },
    ],
    [
      'with counts of an unknown shape',
      [
        ...whole,
        rollout.usageRecord(THREAD, TURN_ID, 'resp_x', { input: -5 }),
        rollout.usageRecord(THREAD, TURN_ID, 'resp_y', { input: 'zebra-crossing' as unknown as number }),
        '["not", "an object"]',
        second,
      ],
      ['resp_1', 'resp_2'],
      { 'token_usage_record with a count that cannot be': 2, 'not a JSON object': 1 },
    ],
  ];

  test.for(BAD)(
    '%s: what can be counted is, the rest is noted and logged',
    async ([, lines, keys, notes], { bench }) => {
      const { id, responses, notes: recorded } = await runWith(bench, [lines]);
      expect(responses.map(({ responseKey }) => responseKey)).toEqual(keys);
      for (const response of responses) expect(response).toMatchObject({ source: 'actual', evidence: 'usage_record' });
      const unreadable = recorded.filter(({ kind }) => kind === 'unreadable');
      const found = unreadable.map(({ reason, figures }) => [
        reason.replace('lines of the session file could not be read: ', ''),
        /^{"lines":(\d+),"firstLine":\d+,"file":"rollout-[^"]+jsonl"}$/.exec(figures)?.[1],
      ]);
      expect(found).toEqual(Object.entries(notes).map(([reason, lines]) => [reason, `${lines}`]));
      for (const [reason, lines] of Object.entries(notes)) {
        const entry = { level: 40, invocation: id, kind: 'unreadable', msg: expect.stringContaining(reason), lines };
        expect(readLog(bench)).toContainEqual(expect.objectContaining(entry));
      }
      await expectNoSecrets(bench);
    },
  );

  test('whose one response has an impossible count: no total of Codex’s replaces it', async ({ bench }) => {
    const nonsense = { input: 5_000_000_000, output: 31 };
    const lines = [
      ...whole.slice(0, 3),
      rollout.usageRecord(THREAD, TURN_ID, 'resp_1', nonsense),
      rollout.tokenCount(nonsense),
    ];
    const usage = { input_tokens: 5_000_000_000, cached_input_tokens: 0, output_tokens: 31 };
    const { responses, notes } = await runWith(bench, [lines], [{ type: 'turn.completed', usage }]);
    expect(responses).toEqual([]);
    expect(notes.find(({ kind }) => kind === 'unreadable')).toMatchObject({
      reason: expect.stringContaining('token_usage_record with a count that cannot be'),
      figures: expect.stringMatching(/"firstLine":4,"file":"rollout-/),
    });
  });

  test('that lost a usage record is filled up from the total', async ({ bench }) => {
    const lines = [...whole, 'garbage', rollout.tokenCount({ input: 1200, cachedInput: 20, output: 40, reasoning: 3 })];
    const { responses } = await runWith(bench, [lines]);
    expect(responses).toMatchObject([
      { responseKey: 'resp_1', evidence: 'usage_record', input: 500, output: 31 },
      { evidence: 'token_count', source: 'actual', input: 700, cached: 0, output: 9, reasoning: 0 },
    ]);
  });

  test('that is absent leaves turn.completed, with a note', async ({ bench }) => {
    const usage = { input_tokens: 1900, cached_input_tokens: 1024, output_tokens: 33, reasoning_output_tokens: 4 };
    const record = await runWith(bench, [], [{ type: 'turn.completed', usage }]);
    expect(record.responses).toMatchObject([
      { evidence: 'turn_completed', source: 'actual', input: 1900, cached: 1024, output: 33, reasoning: 4 },
    ]);
    expect(record.notes).toMatchObject([{ kind: 'fallback', reason: expect.stringContaining('no session file') }]);
    expectLogged(bench, /no session file/);
  });

  test('that is absent leaves the footer in human mode, parsed, with a note', async ({ bench }) => {
    const stderr = ['OpenAI Codex v0.169.0', '--------', `session id: ${THREAD}`, '--------', 'tokens used', '1,903'];
    const codex = writeRolloutFake(bench, { files: [], stderr, stdout: ['The answer.'] });
    const run = await bench.run(['exec', 'x'], { codex });
    expect(run.stdout.toString()).toBe('The answer.\n');
    const record = recordOf(bench, run);
    expect(record).toMatchObject({ threadId: THREAD, status: 'completed' });
    expect(record.responses).toMatchObject([{ evidence: 'text', source: 'parsed', input: 1903, output: 0 }]);
    expect(record.costRecords).toMatchObject([{ isActual: 0, source: 'parsed' }]);
    expect(record.notes).toContainEqual(
      expect.objectContaining({ kind: 'fallback', reason: expect.stringContaining('the printed total') }),
    );
  });

  test('that is absent, with no counts in the output either, leaves a note', async ({ bench }) => {
    const { responses, notes } = await runWith(bench, []);
    expect(responses).toEqual([]);
    expect(notes).toMatchObject([{ kind: 'fallback', reason: expect.stringContaining('no evidence') }]);
  });

  test('that is there twice, in the archive too, is counted once', async ({ bench }) => {
    symlinkSync(join(bench.codexHome, 'sessions'), join(bench.codexHome, 'archived_sessions'));
    const { responses } = await runWith(bench, [[...whole, second]]);
    expect(responses.map(({ responseKey }) => responseKey)).toEqual(['resp_1', 'resp_2']);
  });

  test('of another run that breaks off, or whose link leads nowhere, is in nobody’s way', async ({ bench }) => {
    const codex = writeRolloutFake(bench, {
      files: [
        {
          threadId: '01a20131-0000-7000-8000-000000000001',
          lines: [Buffer.from('{"timestamp":"@NOW@","type":"session_meta"')],
        },
        { threadId: '01a20131-0000-7000-8000-000000000002', lines: [Buffer.alloc(5_000_000, 'x')] },
        { threadId: THREAD, lines: [...whole, second] },
      ],
      stdout: EVENTS.map((event) => JSON.stringify(event)),
    });
    const now = new Date();
    const day = [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, '0'));
    const folder = join(bench.codexHome, 'sessions', ...day);
    mkdirSync(folder, { recursive: true });
    symlinkSync(
      '/no/such/file',
      join(folder, 'rollout-2000-01-01T00-00-00-01a20131-0000-7000-8000-000000000003.jsonl'),
    );
    const record = recordOf(bench, await bench.run(['exec', '--json', 'x'], { codex }));
    expect(record.responses.map(({ responseKey }) => responseKey)).toEqual(['resp_1', 'resp_2']);
  });
});

describe('the home of Codex', () => {
  test.for([['--json'], []])(
    'may be reached by a link: each response is counted once, with %j',
    async (json, { bench }) => {
      const link = join(bench.folder, 'link-to-home');
      symlinkSync(bench.codexHome, link);
      expectExact(bench, await bench.run(['exec', ...json, 'zebra-crossing'], { env: { CODEX_HOME: link } }), 2);
    },
  );

  test('may be the usual one, where nothing is set', async ({ bench }) => {
    renameSync(bench.codexHome, join(bench.folder, '.codex'));
    expectExact(bench, await bench.run(ARGS, { env: { CODEX_HOME: undefined } }), 2);
  });

  test('may be missing: Codex says so itself, as without us', async ({ bench }) => {
    const env = { CODEX_HOME: join(bench.folder, 'nowhere') };
    const direct = await bench.run(ARGS, { direct: true, env });
    expectUndisturbed(await bench.run(ARGS, { env }), direct);
    expect(direct.exitCode).not.toBe(0);
  });
});

describe('what is recorded and logged', () => {
  test.for([['--json'], [], ['--json', '--ephemeral']])(
    'holds no prompt, answer or tool output: %j',
    async (options, { bench }) => {
      const run = await bench.run(['exec', ...options, 'zebra-crossing']);
      expect(run.stdout.toString()).toContain('pelican-figures');
      expect(readRecord(bench.database)).toHaveLength(1);
      await expectNoSecrets(bench);
    },
  );

  test('holds none where the metering had much to complain about', async ({ bench }) => {
    const secret = SECRETS.join(' ');
    const codex = writeRolloutFake(bench, {
      files: [
        {
          threadId: THREAD,
          lines: [
            rollout.header(THREAD),
            secret,
            `{"type":"${secret}"}`,
            `{"timestamp":"@NOW@","type":{"${secret}":1},"payload":"${secret}"}`,
            { timestamp: secret, type: 'token_usage_record', payload: { thread_id: secret } },
            rollout.tokenCount({ input: -1 }),
          ],
        },
      ],
      stdout: [
        secret,
        `{"type":"thread.started","thread_id":"${THREAD}"}`,
        `{"type":"turn.completed","usage":"${secret}"}`,
      ],
      stderr: [secret],
      exitCode: 1,
    });
    const run = await bench.run(['exec', '--json', secret], { codex });
    expect(recordOf(bench, run).notes.length).toBeGreaterThan(3);
    await expectNoSecrets(bench);
  });
});

function expectLogged(bench: Workbench, message: RegExp): void {
  const lines = readLog(bench);
  expect(lines.map(({ level }) => level)).toEqual(lines.map(() => 40));
  expect(lines.map(({ msg }) => msg)).toContainEqual(expect.stringMatching(message));
}

function pendingFiles(bench: Workbench): string[] {
  const folder = join(bench.stateFolder, 'pending');
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

/** Looks through every byte that was kept. */
async function expectNoSecrets(bench: Workbench): Promise<void> {
  // A meter leaves its compiled code at its end.
  await untilMetersEnd(bench.folder);
  const kept = [dirname(bench.database), bench.stateFolder].filter((folder) => existsSync(folder));
  const files = kept.flatMap((folder) =>
    readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()),
  );
  expect(files.length).toBeGreaterThan(0);
  for (const { parentPath, name } of files) {
    const bytes = readFileSync(join(parentPath, name));
    expect(SECRETS.filter((secret) => bytes.includes(secret)).map((secret) => `${secret} in ${name}`)).toEqual([]);
  }
}
