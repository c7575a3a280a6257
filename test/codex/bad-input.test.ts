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
import { describe, expect } from 'vitest';
import { readPaths } from '../../src/config/paths.js';
import { openDatabase } from '../../src/store/driver.js';
import { untilMetersEnd } from '../harness/children.js';
import { expectUndisturbed } from '../harness/compare.js';
import { rollout, writeRolloutFake } from '../harness/fake-rollouts.js';
import { expectExact, readRecord, recordOf } from '../harness/record.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import type { Workbench } from '../harness/workbench.js';
import type { Scenario } from '../scripted-api/script.js';

/** Texts that must be in nothing that is recorded or logged. */
const SECRETS = ['zebra-crossing', 'pelican-figures', 'walrus-tool'];

const TURN: Scenario = {
  prompt: 'zebra-crossing',
  replies: [
    { calls: [{ tool: 'exec_command', cmd: 'echo walrus-tool' }], usage: { input: 900, cached: 128, output: 21 } },
    { message: 'pelican-figures', usage: { input: 1000, cached: 896, cacheWrite: 32, output: 12, reasoning: 4 } },
  ],
};
const ARGS = ['exec', '--json', 'please zebra-crossing'];

const THREAD = '01a20131-e459-7d31-8cdb-60b6966c8fdd';
const TURN_ID = '01a20131-e479-7371-bcf4-167361518fea';

describe('a database that cannot be written', () => {
  /** Each damages the database at the usual path, and returns how it is repaired. */
  const SPOILED: [string, (bench: Workbench) => () => void][] = [
    [
      'stands below a file',
      ({ database }) => {
        writeFileSync(dirname(database), 'a file');
        return () => rmSync(dirname(database));
      },
    ],
    [
      'is a folder',
      ({ database }) => {
        mkdirSync(database, { recursive: true });
        return () => rmSync(database, { recursive: true });
      },
    ],
    [
      'is no database',
      ({ database }) => {
        mkdirSync(dirname(database));
        writeFileSync(database, 'This is a text, and a long one. '.repeat(1000));
        return () => rmSync(database);
      },
    ],
    [
      'was made by a newer codex-metered',
      ({ database }) => {
        mkdirSync(dirname(database));
        const newer = openDatabase(database);
        newer.pragma('user_version = 999');
        newer.close();
        return () => {
          const untouched = openDatabase(database);
          expect(untouched.pragma('user_version', { simple: true })).toBe(999);
          untouched.close();
          rmSync(database);
        };
      },
    ],
    [
      'is cut off in the middle',
      ({ database }) => {
        mkdirSync(dirname(database));
        const whole = openDatabase(database);
        whole.exec('CREATE TABLE t (x)');
        whole.exec(`INSERT INTO t SELECT randomblob(1000) FROM json_each('[${Array(500).fill(0)}]')`);
        whole.close();
        writeFileSync(database, readFileSync(database).subarray(0, 20_000));
        return () => rmSync(database);
      },
    ],
    [
      'is locked as long as Codex runs',
      ({ database }) => {
        mkdirSync(dirname(database));
        const other = openDatabase(database);
        other.exec('BEGIN EXCLUSIVE');
        return () => other.close();
      },
    ],
  ];

  test.for(SPOILED)(
    'because it %s: Codex does not notice, and the next run records both',
    async ([, spoil], { bench }) => {
      bench.api.add(TURN);
      const direct = await bench.run(ARGS, { direct: true });
      const makeGood = spoil(bench);
      const spoiled = await bench.run(ARGS);
      expectUndisturbed(spoiled, direct);
      expect(pendingFiles(bench)).toHaveLength(1);
      expectLogged(bench, /kept aside/);

      makeGood();
      const next = await bench.run(ARGS);
      expect(pendingFiles(bench)).toEqual([]);
      expectExact(bench, spoiled);
      expectExact(bench, next);
      expect(recordOf(bench, spoiled)).toMatchObject({ status: 'completed', exitCode: 0, iteration: 1 });
      await expectNoSecrets(bench);
    },
  );

  test('in a folder that is missing is made with it', async ({ bench }) => {
    bench.api.add(TURN);
    const database = join(bench.folder, 'not', 'yet', 'there', 'usage.db');
    const run = await bench.run(ARGS, { meter: ['--meter-db', database] });
    expectExact({ ...bench, database }, run);
    expect(existsSync(bench.database)).toBe(false);
  });

  test('only at first is written when it can be', async ({ bench }) => {
    let release: () => void = () => undefined;
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    bench.api.add({ ...TURN, replies: [TURN.replies[0], { ...TURN.replies[1], until }] as Scenario['replies'] });
    mkdirSync(dirname(bench.database));
    const other = openDatabase(bench.database);
    other.exec('BEGIN EXCLUSIVE');
    const running = bench.start(ARGS);
    await waitFor('the second request', () => bench.api.requests.length === 2);
    other.close();
    await waitFor('the first row', () => countResponses(bench) === 1);
    release();
    expectExact(bench, await running.ended);
    expect(pendingFiles(bench)).toEqual([]);
  });

  test('nor the state folder: Codex does not notice, and the temporary folder keeps the record', async ({ bench }) => {
    bench.api.add(TURN);
    const env = { TMPDIR: join(bench.folder, 'temporary') };
    mkdirSync(env.TMPDIR);
    const direct = await bench.run(ARGS, { direct: true, env });
    writeFileSync(dirname(bench.database), 'a file');
    writeFileSync(bench.stateFolder, 'a file');
    const spoiled = await bench.run(ARGS, { env });
    expectUndisturbed(spoiled, direct);
    const human = await bench.run(['exec', 'please zebra-crossing'], { env });
    expectUndisturbed(human, await bench.run(['exec', 'please zebra-crossing'], { direct: true, env }));

    rmSync(dirname(bench.database));
    rmSync(bench.stateFolder);
    await bench.run(ARGS, { env });
    expectExact(bench, spoiled);
    expectExact(bench, human);
    expect(readdirSync(env.TMPDIR).filter((name) => name.startsWith('codex-metered-'))).toHaveLength(1);
    await expectNoSecrets(bench);
  });

  test('nor the state folder, and the temporary one is another user’s: nothing is written there', async ({ bench }) => {
    bench.api.add(TURN);
    const spare = readPaths(bench.env).spareDirectory;
    const env = { TMPDIR: join(bench.folder, 'temporary') };
    const theirs = join(env.TMPDIR, basename(spare));
    mkdirSync(env.TMPDIR);
    symlinkSync(bench.folder, theirs);
    const direct = await bench.run(ARGS, { direct: true, env });
    writeFileSync(dirname(bench.database), 'a file');
    writeFileSync(bench.stateFolder, 'a file');
    const before = readdirSync(bench.folder);
    expectUndisturbed(await bench.run(ARGS, { env }), direct);
    expect(readdirSync(bench.folder)).toEqual(before);
  });

  test('a record that was kept aside and is spoiled is set aside, and is reported', async ({ bench }) => {
    bench.api.add(TURN);
    mkdirSync(join(bench.stateFolder, 'pending'), { recursive: true });
    writeFileSync(join(bench.stateFolder, 'pending', 'one.json'), '{"version":1,"change":{"invoc');
    writeFileSync(join(bench.stateFolder, 'pending', 'two.json'), '{"version":77,"change":{}}');
    expectExact(bench, await bench.run(ARGS));
    expect(pendingFiles(bench)).toEqual(['refused']);
    expect(readdirSync(join(bench.stateFolder, 'pending', 'refused')).filter((name) => name.endsWith('.json'))).toEqual(
      ['one.json', 'two.json'],
    );
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
  const events = (...more: object[]) =>
    [{ type: 'thread.started', thread_id: THREAD }, { type: 'turn.started' }, ...more].map((event) =>
      JSON.stringify(event),
    );

  const BAD: [string, (object | string | Buffer)[], string[], { reason: string; lines: number }[]][] = [
    [
      'that is cut off in the middle of a line',
      [...whole, Buffer.from(JSON.stringify(second).slice(0, 150))],
      ['resp_1'],
      [{ reason: 'not JSON', lines: 1 }],
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
      [{ reason: 'unknown record type shiny_new_record', lines: 2 }],
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
      [{ reason: 'not JSON', lines: 1 }],
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
      [
        { reason: 'token_usage_record with a count that cannot be', lines: 2 },
        { reason: 'not a JSON object', lines: 1 },
      ],
    ],
  ];

  test.for(BAD)(
    '%s: what can be counted is, the rest is noted and logged',
    async ([, lines, keys, notes], { bench }) => {
      const codex = writeRolloutFake(bench, { files: [{ threadId: THREAD, lines }], stdout: events() });
      const run = await bench.run(['exec', '--json', 'x'], { codex });
      expect(run).toMatchObject({
        exitCode: 0,
        stderr: Buffer.alloc(0),
        stdout: Buffer.from(`${events().join('\n')}\n`),
      });
      const record = recordOf(bench, run);
      expect(record.responses.map(({ responseKey }) => responseKey)).toEqual(keys);
      expect(record.responses.every(({ source, evidence }) => source === 'actual' && evidence === 'usage_record')).toBe(
        true,
      );
      const unreadable = record.notes.filter(({ kind }) => kind === 'unreadable');
      expect(unreadable.map(({ reason, figures }) => ({ reason, figures }))).toEqual(
        notes.map(({ reason, lines }) => ({
          reason: `lines of the session file could not be read: ${reason}`,
          figures: expect.stringMatching(
            new RegExp(`^{"lines":${lines},"firstLine":\\d+,"file":"rollout-[^"]+jsonl"}$`),
          ),
        })),
      );
      for (const { reason, lines } of notes) {
        expect(readLog(bench)).toContainEqual(
          expect.objectContaining({
            level: 40,
            invocation: record.id,
            kind: 'unreadable',
            msg: expect.stringContaining(reason),
            lines,
          }),
        );
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
    const stdout = events({ type: 'turn.completed', usage });
    const codex = writeRolloutFake(bench, { files: [{ threadId: THREAD, lines }], stdout });
    const { responses, notes } = recordOf(bench, await bench.run(['exec', '--json', 'x'], { codex }));
    expect(responses).toEqual([]);
    expect(notes.find(({ kind }) => kind === 'unreadable')).toMatchObject({
      reason: expect.stringContaining('token_usage_record with a count that cannot be'),
      figures: expect.stringMatching(/"firstLine":4,"file":"rollout-/),
    });
  });

  test('that lost a usage record is filled up from the total', async ({ bench }) => {
    const lines = [...whole, 'garbage', rollout.tokenCount({ input: 1200, cachedInput: 20, output: 40, reasoning: 3 })];
    const codex = writeRolloutFake(bench, { files: [{ threadId: THREAD, lines }], stdout: events() });
    const { responses } = recordOf(bench, await bench.run(['exec', '--json', 'x'], { codex }));
    expect(responses).toMatchObject([
      { responseKey: 'resp_1', evidence: 'usage_record', input: 500, output: 31 },
      { evidence: 'token_count', source: 'actual', input: 700, cached: 0, output: 9, reasoning: 0 },
    ]);
  });

  test('that is absent leaves turn.completed, with a note', async ({ bench }) => {
    const usage = { input_tokens: 1900, cached_input_tokens: 1024, output_tokens: 33, reasoning_output_tokens: 4 };
    const codex = writeRolloutFake(bench, { files: [], stdout: events({ type: 'turn.completed', usage }) });
    const run = await bench.run(['exec', '--json', '--model', 'gpt-5.3-codex', 'x'], { codex });
    const record = recordOf(bench, run);
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
    const codex = writeRolloutFake(bench, { files: [], stdout: events() });
    const record = recordOf(bench, await bench.run(['exec', '--json', 'x'], { codex }));
    expect(record.responses).toEqual([]);
    expect(record.notes).toMatchObject([{ kind: 'fallback', reason: expect.stringContaining('no evidence') }]);
  });

  test('that is there twice, in the archive too, is counted once', async ({ bench }) => {
    const codex = writeRolloutFake(bench, {
      files: [{ threadId: THREAD, lines: [...whole, second] }],
      stdout: events(),
    });
    symlinkSync(join(bench.codexHome, 'sessions'), join(bench.codexHome, 'archived_sessions'));
    const record = recordOf(bench, await bench.run(['exec', '--json', 'x'], { codex }));
    expect(record.responses.map(({ responseKey }) => responseKey)).toEqual(['resp_1', 'resp_2']);
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
      stdout: events(),
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
      bench.api.add(TURN);
      const link = join(bench.folder, 'link-to-home');
      symlinkSync(bench.codexHome, link);
      const run = await bench.run(['exec', ...json, 'zebra-crossing'], { env: { CODEX_HOME: link } });
      expect(expectExact(bench, run).responses).toHaveLength(2);
    },
  );

  test('may be the usual one, where nothing is set', async ({ bench }) => {
    bench.api.add(TURN);
    renameSync(bench.codexHome, join(bench.folder, '.codex'));
    const run = await bench.run(ARGS, { env: { CODEX_HOME: undefined } });
    expect(expectExact(bench, run).responses).toHaveLength(2);
  });

  test('may be missing: Codex says so itself, as without us', async ({ bench }) => {
    const env = { CODEX_HOME: join(bench.folder, 'nowhere') };
    const direct = await bench.run(ARGS, { direct: true, env });
    expectUndisturbed(await bench.run(ARGS, { env }), direct);
    expect(direct.exitCode).not.toBe(0);
  });
});

describe('what is recorded and logged', () => {
  test.for([
    ['--json', ['exec', '--json', 'zebra-crossing']],
    ['human mode', ['exec', 'zebra-crossing']],
    ['--ephemeral', ['exec', '--json', '--ephemeral', 'zebra-crossing']],
  ] as const)('holds no prompt, no answer and no tool output: %s', async ([, args], { bench }) => {
    bench.api.add(TURN);
    const run = await bench.run(args);
    expect(run.stdout.toString()).toContain('pelican-figures');
    expect(readRecord(bench.database)).toHaveLength(1);
    await expectNoSecrets(bench);
  });

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

interface LogLine {
  readonly level: number;
  readonly msg: string;
}

/** Every line of the log must be JSON. */
function readLog(bench: Workbench): LogLine[] {
  const lines = readFileSync(join(bench.stateFolder, 'codex-metered.log'), 'utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line) as LogLine);
}

function expectLogged(bench: Workbench, message: RegExp): void {
  const lines = readLog(bench);
  expect(lines.map(({ level }) => level)).toEqual(lines.map(() => 40));
  expect(lines.map(({ msg }) => msg)).toContainEqual(expect.stringMatching(message));
}

function pendingFiles(bench: Workbench): string[] {
  const folder = join(bench.stateFolder, 'pending');
  return existsSync(folder) ? readdirSync(folder).sort() : [];
}

function countResponses(bench: Workbench): number {
  try {
    return readRecord(bench.database)[0]?.responses.length ?? 0;
  } catch {
    return 0;
  }
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
