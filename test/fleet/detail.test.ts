import { copyFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PricedResponse } from '../../src/usage/record.js';
import { createFolder, sampleInvocation, sampleResponse } from '../store/samples.js';
import { sumUp } from './batches.js';
import { createFleet, type Fleet } from './fleet.js';
import { createMachine, type Machine } from './machine.js';
import { ENGINES, NO_POSTGRES, type PostgresServer, startPostgres } from './postgres-server.js';

const A = '0b6f1f0e-3d0c-4c53-9d55-111111111111';
const B = '0b6f1f0e-3d0c-4c53-9d55-222222222222';
const C = '0b6f1f0e-3d0c-4c53-9d55-333333333333';
const QUARTER_MS = 900_000;
/** The last quarter of an hour of a month, UTC. */
const LATE = Date.UTC(2026, 7, 31, 23, 50);

/** The month by project, phase and model as the database of a machine has it. */
const OF_STORE = `
  SELECT strftime('%Y-%m', completed_at_ms / 1000, 'unixepoch') AS month, i.project_id AS project, i.phase, r.model,
    count(*) AS responses, sum(cost_nano_usd IS NULL OR cost_extent = 'partial') AS unpriced, sum(input_tokens) AS input,
    sum(cached_input_tokens) AS cached, sum(output_tokens) AS output, coalesce(sum(cost_nano_usd), 0) AS cost
  FROM response_rows r JOIN invocations i ON i.id = r.invocation_id GROUP BY 1, 2, 3, 4`;

/** The same as the fleet's sums have it, by user. */
const OF_FLEET = `
  SELECT user_name AS "user", to_char(day, 'YYYY-MM') AS month, project, phase, model, sum(responses)::int AS responses,
    sum(unpriced_responses)::int AS unpriced, sum(input_tokens)::int AS input, sum(cached_input_tokens)::int AS cached,
    sum(output_tokens)::int AS output, coalesce(sum(cost_nano_usd), 0)::int AS cost
  FROM usage_daily GROUP BY 1, 2, 3, 4, 5`;

function readMonths({ record }: Machine, user: string): object[] {
  let rows: object[] = [];
  record(({ connection }) => {
    rows = connection.prepare<[], object>(OF_STORE).all();
  });
  return rows.map((row) => ({ user, ...row }));
}

const sorted = (rows: readonly object[]) =>
  rows.map((row) => JSON.stringify(Object.entries(row).toSorted())).toSorted();

const exec = ({ record }: Machine, sql: string) => record(({ connection }) => connection.exec(sql));

function recordResponses({ record }: Machine, id: string, responses: PricedResponse[], more = {}): void {
  record((store) => store.record({ invocation: sampleInvocation(id, more), responses }));
}

const response = (key: string, atMs = LATE, more: Parameters<typeof sampleResponse>[1] = {}) => {
  return sampleResponse(key, { completedAtMs: atMs, ...more });
};

/** Twelve responses: over the end of a month, of two models, one without a price and one whose price is known in part. */
const twelve = (thread: string) =>
  Array.from({ length: 12 }, (_, n) =>
    response(`r${n}`, LATE + n * 120_000, {
      ...{ threadId: thread, usage: { input: 1000 + n }, model: n % 4 === 3 ? 'gpt-5.3-codex-mini' : 'gpt-5.3-codex' },
      ...(n === 5 && { costNanoUsd: undefined }),
      ...(n === 6 && { costExtent: 'partial' as const }),
    }),
  );

describe.skipIf(NO_POSTGRES !== undefined).each(ENGINES)('detail = "invocations", on $name', (engine) => {
  let server: PostgresServer;
  let fleet: Fleet;
  beforeAll(async () => {
    server = await startPostgres(engine);
  });
  afterAll(() => server?.stop());

  const SUMS = 'detail = "invocations"\n';
  const open = (user: string, settings = SUMS) => createMachine(fleet.url, `user = "${user}"\n${settings}`);
  const setDetail = ({ config }: Machine, user: string, settings: string) => {
    writeFileSync(config, `[fleet.work]\nurl = "${fleet.url}"\nuser = "${user}"\n${settings}`);
  };
  const push = async ({ usage }: Machine, ...args: string[]) => {
    const printed = await usage(['push', ...args]);
    expect([printed.stderr, printed.exitCode]).toEqual(['', 0]);
    return printed.stdout;
  };
  /** The sums of the fleet are those of the stores, and those of its rows. */
  const expectEqual = async (...months: object[][]) => {
    expect(sorted(await fleet.read(OF_FLEET))).toEqual(sorted(months.flat()));
    const rows = await sumUp(fleet.admin, 'responses');
    for (const table of ['usage_15m', 'usage_day', 'usage_invocation'])
      expect(await sumUp(fleet.admin, table)).toEqual(rows);
  };
  const countRows = async () => {
    const [row] = await fleet.read<{ singles: number; sums: number }>(
      'SELECT count(*) FILTER (WHERE responses IS NULL)::int AS singles, count(responses)::int AS sums FROM responses',
    );
    return row;
  };

  it('sends and stores sums by quarter of an hour, and nothing finer', async () => {
    fleet = await createFleet(server);
    const machine = open('ada');
    recordResponses(machine, A, twelve('t'));
    const [line = '', ...others] = (await machine.usage(['push', '--dry-run'])).stdout.trim().split('\n');
    const batch = JSON.parse(line);
    expect(others).toEqual([]);
    expect(batch).toMatchObject({
      v: 2,
      responses: [],
      gone: [],
      invocations: [{ id: A, user: 'ada', phase: 'builder' }],
    });
    const [{ sums }] = batch.invocations;
    expect(sums.map((one: Record<string, unknown>) => [one.start_ms, one.model, one.responses])).toEqual([
      [LATE - (LATE % QUARTER_MS), 'gpt-5.3-codex', 4],
      [LATE - (LATE % QUARTER_MS), 'gpt-5.3-codex-mini', 1],
      [LATE - (LATE % QUARTER_MS) + QUARTER_MS, 'gpt-5.3-codex', 5],
      [LATE - (LATE % QUARTER_MS) + QUARTER_MS, 'gpt-5.3-codex-mini', 2],
    ]);
    expect(await push(machine)).toBe('work: sent 12 responses and 1 invocation.\n');
    expect(await push(machine)).toBe('work: nothing to send.\n');
    expect(await countRows()).toEqual({ singles: 0, sums: 4 });
    await expectEqual(readMonths(machine, 'ada'));
  });

  it('has the month equal the sum of the stores after corrections, other prices, moves and deletions', async () => {
    fleet = await createFleet(server);
    const [ada, grace] = [open('ada'), open('grace', '')];
    const both = async () => {
      await push(ada);
      await push(grace);
      await expectEqual(readMonths(ada, 'ada'), readMonths(grace, 'grace'));
    };
    for (const [machine, ids] of [
      [ada, [A, B]],
      [grace, [C]],
    ] as const) {
      for (const id of ids)
        recordResponses(machine, id, twelve(id), { attribution: { phase: id === B ? 'reviewer' : 'builder' } });
    }
    await both();
    for (const sql of [
      "UPDATE response_rows SET output_tokens = output_tokens + 1 WHERE response_key IN ('r1', 'r5')",
      'UPDATE response_rows SET cost_nano_usd = cost_nano_usd * 2',
      "UPDATE response_rows SET evidence = 'tokenizer', source = 'estimated' WHERE response_key = 'r2'",
      `UPDATE response_rows SET invocation_id = '${B}' WHERE response_key = 'r3' AND EXISTS (SELECT 1 FROM invocations WHERE id = '${B}')`,
      "DELETE FROM response_rows WHERE response_key IN ('r4', 'r8')",
      "UPDATE invocations SET project_id = 'infra', phase = 'chat'",
      `DELETE FROM response_rows WHERE invocation_id = '${A}'`,
    ]) {
      // What an invocation is of changes by hand alone, and only sums follow it.
      for (const machine of sql.startsWith('UPDATE invocations') ? [ada] : [ada, grace]) exec(machine, sql);
      await both();
    }
    await push(ada, '--full');
    await both();
  });

  it.each([
    ['other way', SUMS, ''],
    ['one way', '', SUMS],
  ])('ends right where a target changes its level the %s, and says what it sends', async (_way, before, after) => {
    fleet = await createFleet(server);
    const machine = open('ada', before);
    recordResponses(machine, A, twelve(A));
    recordResponses(machine, B, twelve(B));
    await push(machine);
    setDetail(machine, 'ada', after);
    exec(machine, "UPDATE response_rows SET output_tokens = 3 WHERE response_key = 'r1'");
    expect(await push(machine)).toBe('work: sent 24 responses and 2 invocations.\n');
    expect(await countRows()).toEqual(after === '' ? { singles: 24, sums: 0 } : { singles: 0, sums: 8 });
    await expectEqual(readMonths(machine, 'ada'));
    exec(machine, "UPDATE response_rows SET output_tokens = 5 WHERE response_key = 'r2'");
    await push(machine);
    await expectEqual(readMonths(machine, 'ada'));
  });

  it('counts once what was forgotten here and is sent anew on another level', async () => {
    fleet = await createFleet(server);
    const machine = open('ada', '');
    recordResponses(machine, A, twelve(A));
    await push(machine);
    writeFileSync(machine.config, '');
    await machine.usage(['fleet', 'remove', 'work']);
    exec(machine, "DELETE FROM response_rows WHERE response_key = 'r1'");
    setDetail(machine, 'ada', SUMS);
    exec(machine, "UPDATE response_rows SET output_tokens = 3 WHERE response_key = 'r2'");
    await push(machine);
    // The one that was deleted while nothing was noted stays, as it does where single responses are sent.
    expect(await countRows()).toEqual({ singles: 1, sums: 4 });
  });

  it('leaves the sums of an invocation to the machine that it is of, whatever a copy of its database sends', async () => {
    fleet = await createFleet(server);
    const machine = open('ada');
    recordResponses(machine, A, twelve(A));
    await push(machine);
    for (const settings of [SUMS, '']) {
      const copy = open('ada', settings);
      exec(machine, 'PRAGMA wal_checkpoint(TRUNCATE)');
      copyFileSync(machine.database, copy.database);
      // The original goes on, so that the copy is found out.
      for (const key of ['x', 'y']) {
        recordResponses(machine, A, [response(`${settings}${key}`, LATE, { threadId: 'more' })]);
        await push(machine);
      }
      exec(copy, 'UPDATE response_rows SET output_tokens = 999');
      const other = settings === '' ? C : B;
      recordResponses(copy, other, [response(`of ${other}`, LATE, { threadId: other })]);
      await push(copy);
    }
    const ofMachine =
      await fleet.read(`SELECT sum(responses)::int AS n, max(output_tokens) < 3000 AS right FROM usage_invocation
      WHERE invocation = '${A}'`);
    expect(ofMachine).toEqual([{ n: 16, right: true }]);
    expect(await fleet.read('SELECT sum(responses)::int AS n FROM usage_day')).toEqual([{ n: 18 }]);
  });

  it('keeps months that were pruned in the sums, and counts nothing of them again on another level', async () => {
    fleet = await createFleet(server);
    const machine = open('ada', '');
    // A thread of August that goes on in September, as its id says.
    const august = '0198f400-0000-7000-8000-000000000000';
    recordResponses(machine, A, [...twelve(august), response('later', LATE + 5 * 86_400_000, { threadId: august })]);
    recordResponses(machine, B, [response('new', LATE + 6 * 86_400_000, { threadId: 'of September' })]);
    const codex = "UPDATE response_rows SET provider = 'codex'";
    exec(machine, codex);
    await push(machine);
    await fleet.read("SELECT prune('2026-09-15')");
    const months = readMonths(machine, 'ada');
    for (const settings of [SUMS, '', SUMS]) {
      setDetail(machine, 'ada', settings);
      await push(machine, '--full');
      expect(sorted(await fleet.read(OF_FLEET))).toEqual(sorted(months));
    }
    expect(await countRows()).toEqual({ singles: 0, sums: 1 });
  });

  it('sends a spooled batch of sums, and says which need a push from their machine', async () => {
    fleet = await createFleet(server);
    const [machine, spool] = [open('ada'), join(createFolder(), 'out')];
    recordResponses(machine, A, twelve(A));
    expect(await push(machine, '--spool', spool)).toContain(`written to ${spool}: 12 responses and 1 invocation`);
    expect(await push(machine, '--from', spool)).toContain('with 12 responses and 1 invocation');
    await expectEqual(readMonths(machine, 'ada'));

    const other = open('grace', '');
    recordResponses(other, B, twelve(B));
    await push(other);
    setDetail(other, 'grace', SUMS);
    await push(other, '--spool', spool);
    const printed = await other.usage(['push', '--from', spool]);
    expect([printed.exitCode, printed.stderr]).toEqual([
      1,
      expect.stringContaining('which only a push from its machine replaces'),
    ]);
    await expectEqual(readMonths(machine, 'ada'), readMonths(other, 'grace'));
    await push(other, '--full');
    expect(await countRows()).toEqual({ singles: 0, sums: 8 });
    await expectEqual(readMonths(machine, 'ada'), readMonths(other, 'grace'));
  });

  it('says what a server needs that is older, and has older machines go on', async () => {
    fleet = await createFleet(server);
    await fleet.admin.query('DROP FUNCTION push_v2');
    const machine = open('ada');
    recordResponses(machine, A, twelve(A));
    expect(await machine.usage(['push'])).toMatchObject({
      exitCode: 1,
      stderr: expect.stringContaining('older than this program: an administrator runs codex-usage fleet init'),
    });
    setDetail(machine, 'ada', '');
    await push(machine);
    await expectEqual(readMonths(machine, 'ada'));
  });

  it('sends no past session, and sets aside the one invocation that is refused', async () => {
    fleet = await createFleet(server);
    await fleet.admin.query(`ALTER TABLE responses ADD CONSTRAINT no_b CHECK (invocation <> '${B}')`);
    const machine = open('ada');
    for (const id of [A, B, C]) recordResponses(machine, id, twelve(id));
    exec(machine, `UPDATE invocations SET origin = 'backfilled' WHERE id = '${C}'`);
    expect(await push(machine)).toBe(
      'work: sent 12 responses and 1 invocation. 1 row refused: codex-usage fleet status.\n',
    );
    const status = JSON.parse((await machine.usage(['fleet', 'status', '--json'])).stdout).targets[0];
    expect(status).toMatchObject({ waiting: 0, setAside: [{ kind: 'invocation', id: B }] });
    await fleet.admin.query('ALTER TABLE responses DROP CONSTRAINT no_b');
    await push(machine, '--full');
    expect(await fleet.read('SELECT count(*)::int AS n FROM invocations')).toEqual([{ n: 2 }]);
    expect(await countRows()).toEqual({ singles: 0, sums: 8 });
  });

  it('is pulled with tokens and costs as they are, and with what became of the number of responses', async () => {
    fleet = await createFleet(server);
    const machine = open('ada', `${SUMS}read_url = "${fleet.readUrl}"\n`);
    const now = Date.now();
    recordResponses(
      machine,
      A,
      [1, 2, 3].map((n) => response(`r${n}`, now - (now % QUARTER_MS), { usage: { input: n } })),
    );
    await push(machine);
    expect((await machine.usage(['pull'])).stdout).toContain(
      '3 responses came as sums of invocations: reports count each sum as one response.',
    );
    const json = async (...args: string[]) => JSON.parse((await machine.usage([...args, '--json'])).stdout);
    expect(await json('pull')).toMatchObject({ summed: 3, pruned: 0, refused: 0 });
    const [mine, ofFleet] = [await json('monthly'), await json('monthly', '--fleet')];
    const { inputTokens, cachedInputTokens, outputTokens, reasoningTokens, costUsd } = mine.totals;
    const exact = { inputTokens, cachedInputTokens, outputTokens, reasoningTokens, costUsd };
    expect(ofFleet.totals).toMatchObject({ ...exact, responseCount: 1 });
    expect((await machine.usage(['metrics', '--fleet'])).stdout).toMatch(/^codex_metered_input_tokens_total\{.*\} 6$/m);
    expect((await machine.usage(['statusline', '--fleet', '--format', '{today}'])).stdout).toBe('<$0.01\n');
  });
});

it.each([
  ['detail = "buckets"\n', 'fleet.work.detail must be "responses" or "invocations", the sums of each invocation'],
  ['detail = "invocations"\nhistory = true\n', 'fleet.work.history is for detail = "responses"'],
  ['detail = "invocations"\nsend_threads = true\n', 'fleet.work.send_threads is for detail = "responses"'],
])('refuses %j, and says why', async (settings, message) => {
  const { exitCode, stderr } = await createMachine('postgres://pusher@127.0.0.1:1/usage', settings).usage(['push']);
  expect([exitCode, stderr]).toEqual([2, expect.stringContaining(message)]);
});
