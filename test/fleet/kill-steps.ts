import { randomUUID } from 'node:crypto';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { type Connection, openConnection } from '../../src/store/open.js';
import { waitFor } from '../harness/wait.js';
import { USAGE } from '../harness/workbench.js';
import { type After, type CuttingProxy, countLoginBytes, startCuttingProxy } from './cutting-proxy.js';
import type { Fleet } from './fleet.js';
import type { PostgresServer } from './postgres-server.js';

/** A machine whose pushes are killed. */
export interface Victim {
  readonly server: PostgresServer;
  readonly fleet: Fleet;
  readonly database: string;
  /** For what the steps write. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

interface Scene extends Victim {
  readonly proxy: CuttingProxy;
  readonly connection: Connection;
  /** How many bytes a client receives until it is logged in. */
  readonly loginBytes: number;
  /** Starts `codex-usage push`. */
  start(args: readonly string[], env?: NodeJS.ProcessEnv): ReturnType<typeof startPush>;
}

/** What holds a push at a step. */
interface Hold {
  /** Whether the push has come to the step. */
  reached(): boolean | Promise<boolean>;
  release(): unknown;
  readonly env?: NodeJS.ProcessEnv;
}

interface Step {
  readonly name: string;
  /** Of `push`. Default: `--full`. */
  readonly args?: readonly string[];
  hold(scene: Scene): Hold | Promise<Hold>;
}

/** In the order in which a push comes to them; then those of a spool. */
const STEPS: readonly Step[] = [
  { name: 'while all is put into the outbox', hold: (scene) => inSqlite(scene, 'BEFORE UPDATE OF settings') },
  { name: 'when a batch is read and its nonce chosen', hold: (scene) => inSqlite(scene, 'AFTER UPDATE OF next_nonce') },
  { name: 'before it has logged in', hold: (scene) => atByte(scene, { sent: 1 }) },
  { name: 'with half a batch sent', hold: (scene) => atByte(scene, { sent: 2000 }) },
  { name: 'when the server has the batch and has not begun with it', hold: lockResponses },
  { name: 'when the server has taken the batch and not answered', hold: withholdAnswer },
  {
    name: 'when the answer has come and is not noted',
    hold: (scene) => inSqlite(scene, 'BEFORE UPDATE OF nonce', 'new.nonce IS NOT old.nonce AND new.nonce IS NOT NULL'),
  },
  {
    name: 'when the answer is noted and the cursor not moved',
    hold: (scene) => inSqlite(scene, 'BEFORE UPDATE OF cursor_seq', 'new.cursor_seq > old.cursor_seq'),
  },
  {
    name: 'between two batches',
    hold: (scene) => inSqlite(scene, 'AFTER UPDATE OF next_nonce', 'new.next_nonce IS NOT NULL AND old.cursor_seq > 0'),
  },
  { name: 'when it sets a refused row aside', hold: refuseRow },
  { name: 'when it takes a new id because the fleet does not know its nonce', hold: forgetNonce },
  {
    name: 'when a batch of a spool is written and not noted',
    args: ['--full', '--spool', 'out'],
    hold: (scene) => inSqlite(scene, 'BEFORE UPDATE OF nonce', 'new.nonce IS NOT old.nonce'),
  },
  {
    name: 'in the middle of a file of a spool',
    args: ['--full', '--spool', 'out'],
    hold: (scene) => inCall(scene, 'renameSync', 'batch-'),
  },
  {
    name: 'when a batch of a spool is taken and not answered',
    args: ['--from', 'from'],
    hold: (scene) => withSpool(scene, withholdAnswer),
  },
  {
    name: 'when a batch of a spool is answered and its file not deleted',
    args: ['--from', 'from'],
    hold: (scene) => withSpool(scene, () => inCall(scene, 'rmSync', 'batch-')),
  },
];

export const KILL_STEPS: readonly string[] = STEPS.map(({ name }) => name);

/**
 * Holds a push at each of KILL_STEPS, one after the other, and kills it there by SIGKILL. Calls `afterwards` after each, when nothing holds
 * a push any more.
 */
export async function killAtEachStep(victim: Victim, afterwards: (step: string) => Promise<void>): Promise<void> {
  const proxy = await startCuttingProxy(victim.server.port);
  const connection = openConnection(victim.database, { mode: 'write', busyTimeoutMs: 10_000 });
  const url = victim.fleet.url.replace(`:${victim.server.port}/`, `:${proxy.port}/`);
  const start: Scene['start'] = (args, env) =>
    startPush(args, victim.folder, { ...victim.env, CODEX_METERED_FLEET_URL: url, ...env });
  try {
    connection.exec(MANY_ROWS);
    expect(await start(['--full'])).toMatchObject({ exitCode: 0 });
    const loginBytes = countLoginBytes(proxy.tape.received);
    for (const { name, args = ['--full'], hold } of STEPS) {
      const { reached, release, env } = await hold({ ...victim, proxy, connection, loginBytes, start });
      const pushing = start(args, env);
      const tooEarly = pushing.then(({ all }) => Promise.reject(new Error(`no push stopped ${name}: ${all}`)));
      try {
        await Promise.race([waitFor(`a push that stops ${name}`, reached), tooEarly]);
      } finally {
        tooEarly.catch(() => undefined);
        pushing.kill('SIGKILL');
        await pushing;
        await release();
      }
      await afterwards(name);
    }
  } finally {
    connection.close();
    await proxy.close();
  }
}

function startPush(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv) {
  const options = { cwd, env, extendEnv: false, reject: false, all: true } as const;
  return execa(process.execPath, [USAGE, 'push', ...args], options);
}

/** More rows than a batch holds, beside those of the runs: they were read from past sessions. */
const MANY_ROWS = `
  INSERT INTO threads (id, provider, root_id, project_id, kind, started_at_ms) VALUES ('past', 'codex', 'past', 'past', 'main', 1);
  INSERT INTO response_rows (provider, thread_id, response_key, model, input_tokens, cached_input_tokens, cache_write_tokens,
    cache_write_1h_tokens, output_tokens, reasoning_tokens, evidence, source, cost_nano_usd, completed_at_ms, recorded_at_ms)
  WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 2100)
  SELECT 'codex', 'past', 'p' || n, 'gpt-5.4', n, 0, 0, 0, 1, 0, 'usage_record', 'actual', 9000, 1772600000000 + n, 1 FROM numbers`;

/** Keeps the push in a trigger of its database: it computes until it is killed. */
function inSqlite({ connection }: Scene, event: string, condition = 'TRUE', table = 'push_targets'): Hold {
  connection.exec(`CREATE TRIGGER hold ${event} ON ${table} WHEN ${condition} BEGIN
    SELECT (WITH RECURSIVE forever (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM forever) SELECT max(n) FROM forever); END`);
  let times = 0;
  return {
    reached: () => {
      times = isLocked(connection) ? times + 1 : 0;
      return times === LOCKED_TIMES;
    },
    release: () => connection.exec('DROP TRIGGER hold'),
  };
}

/** A transaction that ends by itself is not seen so often in a row. */
const LOCKED_TIMES = 30;

function isLocked(connection: Connection): boolean {
  connection.pragma('busy_timeout = 0');
  try {
    connection.exec('BEGIN IMMEDIATE');
    connection.exec('ROLLBACK');
    return false;
  } catch {
    return true;
  } finally {
    connection.pragma('busy_timeout = 10000');
  }
}

function atByte({ proxy }: Scene, after: After): Hold {
  const before = proxy.holds;
  proxy.holdAfter(after);
  return { reached: () => proxy.holds > before, release: () => proxy.holdAfter(undefined) };
}

async function lockResponses({ server, fleet }: Scene): Promise<Hold> {
  const holder = await server.connect(nameDatabase(fleet));
  await holder.query('BEGIN; LOCK TABLE codex_metered.responses IN ACCESS EXCLUSIVE MODE');
  const waits =
    'SELECT 1 FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())';
  return { reached: async () => (await holder.query(waits)).rows.length > 0, release: () => holder.end() };
}

/** The connection passes on what the server says until it is ready for the first statement, and no more. */
function withholdAnswer({ proxy, fleet, loginBytes }: Scene): Hold {
  proxy.holdAfter({ received: loginBytes });
  const answered =
    "SELECT 1 FROM pg_stat_activity WHERE usename = 'pusher' AND state = 'idle' AND query LIKE '%push_v1%'";
  return {
    reached: async () => (await fleet.read(answered)).length > 0,
    release: () => proxy.holdAfter(undefined),
  };
}

/** Writes what the step is to send into the folder that it sends from. */
async function withSpool(scene: Scene, hold: Step['hold']): Promise<Hold> {
  expect(await scene.start(['--full', '--spool', 'from'])).toMatchObject({ exitCode: 0 });
  return hold(scene);
}

async function refuseRow(scene: Scene): Promise<Hold> {
  const { fleet } = scene;
  await fleet.read('ALTER TABLE responses ADD CONSTRAINT odd CHECK (input_tokens <> 1234) NOT VALID');
  const held = inSqlite(scene, 'BEFORE INSERT', 'TRUE', 'set_aside');
  return {
    ...held,
    async release() {
      held.release();
      await fleet.read('ALTER TABLE responses DROP CONSTRAINT odd');
    },
  };
}

function forgetNonce(scene: Scene): Hold {
  scene.connection.prepare('UPDATE push_targets SET nonce = ?, next_nonce = NULL').run(randomUUID());
  return inSqlite(scene, 'BEFORE UPDATE OF store', 'new.store IS NOT old.store');
}

/** Stops the push before it calls a function of `node:fs` with a path that has `part` in it. */
function inCall({ folder }: Scene, name: string, part: string): Hold {
  const [script, seen] = [join(folder, 'stop.cjs'), join(folder, 'stopped')];
  writeFileSync(
    script,
    `const fs = require('node:fs');
    const real = fs.${name};
    fs.${name} = function (path, ...rest) {
      if (String(path).includes('${part}')) {
        fs.writeFileSync('${seen}', '');
        Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
      }
      return real.call(this, path, ...rest);
    };
    require('node:module').syncBuiltinESMExports();`,
  );
  return {
    reached: () => existsSync(seen),
    release: () => rmSync(seen, { force: true }),
    env: { NODE_OPTIONS: `--require ${script}` },
  };
}

function nameDatabase({ url }: Fleet): string {
  return new URL(url).pathname.slice(1);
}
