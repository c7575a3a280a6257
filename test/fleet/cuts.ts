import { join } from 'node:path';
import { expect } from 'vitest';
import { push as pushTo } from '../../src/fleet/push.js';
import { iterateAll } from '../../src/store/outbox.js';
import { readOutboxRows } from '../../src/store/outbox-rows.js';
import { openStore } from '../../src/store/store.js';
import type { FleetTarget } from '../../src/usage/fleet-target.js';
import { toResponseId } from '../../src/usage/response-id.js';
import type { Swept } from '../faults/fault.js';
import { createFolder, sampleInvocation, sampleResponse } from '../store/samples.js';
import { sumUp } from './batches.js';
import { listBorders, startCuttingProxy } from './cutting-proxy.js';
import type { Fleet } from './fleet.js';
import type { PostgresServer } from './postgres-server.js';

/** A target that is set by its URL, and by what a test gives. */
export function targetOf(url: string, given: Partial<FleetTarget> = {}): FleetTarget {
  const secrets = { passwordFile: undefined, passwordCommand: undefined, namesKeyFile: undefined };
  const reading = { readUrl: undefined, readPasswordFile: undefined };
  const rows = {
    user: 'ada',
    labels: {},
    projects: undefined,
    except: [],
    names: 'plain',
    history: true,
    detail: 'responses',
    logs: false,
    conventions: 'genai-0.1',
  } as const;
  return {
    name: 'work',
    url,
    ...secrets,
    ...reading,
    ...rows,
    sendThreads: false,
    waitMs: 0,
    allowInsecure: false,
    ...given,
  };
}

/**
 * Cuts the connection of a push after N bytes: of the first push of a machine, and of a later one that sends a new response, a correction,
 * a deletion and an invocation that has changed. Each time the next push must end what was cut, and the fleet must then equal the record of
 * the machine, response by response. `stepBytes` is the distance from one N to the next: 1 tries every N. The borders between messages
 * of the protocol are always among them.
 */
export async function sweepCuts(server: PostgresServer, fleet: Fleet, stepBytes: number): Promise<Swept> {
  const proxy = await startCuttingProxy(server.port);
  const machine = createMachine(fleet.url.replace(`:${server.port}/`, `:${proxy.port}/`));
  const swept = { cuts: 0, bytes: 0 };
  try {
    for (const kind of ['first', 'later'] as const) {
      await machine.prepare(kind);
      expect(await machine.push()).toMatchObject({ kind: 'sent' });
      const { tape } = proxy;
      for (const direction of ['sent', 'received'] as const) {
        swept.bytes += tape[direction].length;
        for (const bytes of chooseCuts(tape[direction], direction === 'sent', stepBytes)) {
          const what = `cut after ${bytes} bytes ${direction} of a ${kind} push`;
          await machine.prepare(kind);
          proxy.cutAfter({ [direction]: bytes });
          const cut = await machine.push();
          proxy.cutAfter(undefined);
          // Where only the goodbye was cut, all was sent.
          expect(cut.kind === 'sent' || (cut.kind === 'failed' && cut.canPass), what).toBe(true);
          expect(await machine.push(), what).toMatchObject({ kind: 'sent', waiting: 0 });
          expect(await readFleet(fleet, machine.store()), what).toEqual(machine.read());
          swept.cuts++;
        }
      }
    }
    expect(proxy.cuts).toBe(swept.cuts);
    const responses = await sumUp(fleet.admin, 'responses');
    for (const table of ['usage_15m', 'usage_day', 'usage_invocation']) {
      expect(await sumUp(fleet.admin, table)).toEqual(responses);
    }
    expect(await fleet.read('SELECT count(*)::int AS n FROM stores')).toEqual([{ n: machine.count() }]);
    return swept;
  } finally {
    machine.close();
    await proxy.close();
  }
}

/** Machines, one after the other, in one database: a machine begins when it has forgotten all that the one before recorded and sent. */
function createMachine(url: string) {
  const store = openStore(':memory:', { mode: 'write' });
  const { connection } = store;
  const lock = join(createFolder(), 'usage.db');
  let [machines, round] = [0, 0];
  const name = (number: number) => String(number).padStart(6, '0');
  const invocation = () => sampleInvocation(`0b6f1f0e-3d0c-4c53-9d55-111111${name(machines)}`);
  const response = (key: string, outputTokens: number) =>
    sampleResponse(key, { threadId: `thread-${name(machines)}`, usage: { output: outputTokens } });
  const standIn = () =>
    sampleResponse(`stand-in-${name(round)}`, { threadId: `unseen-${name(machines)}`, evidence: 'otel' });
  const push = () => {
    const source = { connection, database: lock, env: {}, host: 'laptop', version: '0.2.0', isCi: false };
    const options = { full: false, waitMs: 0, signal: new AbortController().signal };
    return pushTo({ ...source, passwordOf: () => undefined }, targetOf(url), options);
  };
  const begin = () => {
    connection.exec(FORGET);
    [machines, round] = [machines + 1, 0];
    store.record({ invocation: invocation(), responses: [response('0', 200), standIn()] });
  };
  const change = () => {
    connection.prepare('DELETE FROM response_rows WHERE response_key = ?').run(standIn().key);
    round++;
    const responses = [response('0', 200 + round), response(name(round), 300), standIn()];
    store.record({ invocation: invocation(), update: { codexVersion: `0.${100 + round}.0` }, responses });
  };
  return {
    push,
    close: store.close,
    count: () => machines,
    /** Leaves something to push: all of a new machine, or what has changed since the last push of a machine. */
    async prepare(kind: 'first' | 'later') {
      const isNew = kind === 'first' || round === MOST_ROUNDS;
      if (isNew) begin();
      if (kind === 'first') return;
      if (isNew) await push();
      change();
    },
    store: () => String(connection.prepare('SELECT store FROM push_targets').pluck().get()),
    /** What the fleet must have of the machine. */
    read(): Row[] {
      const { responses, invocations } = readOutboxRows(connection, [...iterateAll(connection)]);
      const version = invocations[0]?.codexVersion ?? null;
      const rows = responses.map((row) => ({
        ...{ id: toResponseId(row), invocation: row.invocationId, version, evidence: row.evidence },
        ...{ input: row.input, output: row.output, cost: row.costNanoUsd },
      }));
      return rows.toSorted((one, other) => (one.id < other.id ? -1 : 1));
    },
  };
}

/** A machine that goes on for longer would make each comparison longer. */
const MOST_ROUNDS = 20;

/** Revisions of all machines have four digits, so that all pushes of a kind have as many bytes. */
const FORGET = `
  ${['store_identity', 'push_targets', 'changes', 'response_rows', 'cost_records', 'buckets', 'threads', 'invocations']
    .map((table) => `DELETE FROM ${table};`)
    .join(' ')}
  UPDATE sqlite_sequence SET seq = 1000 WHERE name = 'changes';`;

interface Row {
  readonly id: string;
  readonly invocation: string | null;
  /** Of Codex. */
  readonly version: string | null;
  readonly evidence: string;
  readonly input: number;
  readonly output: number;
  readonly cost: number | null;
}

function readFleet(fleet: Fleet, store: string): Promise<Row[]> {
  return fleet.read<Row>(`
    SELECT r.id, r.invocation, i.codex_version AS version, r.evidence, r.input_tokens::int AS input,
      r.output_tokens::int AS output, r.cost_nano_usd::int AS cost
    FROM responses r JOIN stores s ON s.id = r.store LEFT JOIN invocations i ON i.id = r.invocation
    WHERE s.uid = '${store}' ORDER BY r.id`);
}

/** After how many bytes of a direction it is cut, in their order: every `stepBytes`, and after each message. */
function chooseCuts(tape: Buffer, isSent: boolean, stepBytes: number): number[] {
  const chosen = new Set(listBorders(tape, isSent ? 'sent' : 'received'));
  for (let bytes = 1; bytes < tape.length; bytes += stepBytes) chosen.add(bytes);
  return [...chosen].filter((bytes) => bytes < tape.length).toSorted((one, other) => one - other);
}
