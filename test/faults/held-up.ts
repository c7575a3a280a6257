import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { recordOf } from '../harness/record.js';
import { waitFor } from '../harness/wait.js';
import type { Workbench } from '../harness/workbench.js';
import { FAKE_RESPONSES } from './fake-session.js';
import type { Added, Fault } from './fault.js';
import { expectFlow, type Flow } from './flow.js';
import { settle } from './turn.js';

const FLOWS = 'no line is held up, and the end waits no longer than usual';
const ALWAYS = 'as always';

/** What would hold up a Codex whose output ran through the process that records. */
export const HELD_UP_FAULTS: readonly Fault[] = [
  {
    name: '1,000 records are kept aside',
    done: 'by runs that found the database locked; the next run takes them in',
    codex: FLOWS,
    record: 'all of them, soon after the run',
    async hold(bench) {
      const before = await expectFlow(bench);
      await expectRecorded(bench, before);
      keepAside(bench, recordOf(bench, before).id, 1000);
      return expectUnhindered(bench);
    },
  },
  {
    name: 'Each write to the database takes 2 s',
    done: 'a disk that is slow to say that it has what it was given',
    codex: FLOWS,
    record: 'some seconds later',
    async hold(bench) {
      const preload = join(bench.folder, 'slow.cjs');
      writeFileSync(preload, SLOW_WRITES);
      return expectUnhindered(bench, { env: { NODE_OPTIONS: `--require=${preload}` } });
    },
  },
  {
    name: 'Named pipes stand in the place of our files',
    done: 'as the log, as a record that is kept aside, as an entry of the queue for another program’s table',
    codex: FLOWS,
    record: ALWAYS,
    async hold(bench) {
      for (const path of ['codex-metered.log', 'pending/one.json', 'mirror/two.json'])
        makePipe(bench.stateFolder, path);
      const added = await expectUnhindered(bench);
      await settle(bench);
      return added;
    },
  },
  {
    name: 'A named pipe stands in the place of the database',
    done: 'which nobody writes to',
    codex: FLOWS,
    record: 'kept aside; the next command takes it in once the pipe is gone',
    async hold(bench) {
      makePipe(bench.folder, 'data/usage.db');
      return expectUnhindered(bench, {}, async () => {
        await untilKeptAside(bench);
        rmSync(bench.database);
        await settle(bench);
      });
    },
  },
  {
    name: 'Folders that can never be made',
    done: 'database and state folder are below /proc, which answers that there is no such folder, whatever is tried',
    codex: FLOWS,
    record: 'kept aside in the temporary folder',
    async hold(bench) {
      const env = { TMPDIR: join(bench.folder, 'temporary'), CODEX_METERED_DB: '/proc/nope/usage.db' };
      mkdirSync(env.TMPDIR);
      const first = await expectUnhindered(bench, { env }, async () => {
        await untilKeptAside(bench);
        await settle(bench, { TMPDIR: env.TMPDIR });
      });
      const { added } = await expectFlow(bench, { env: { ...env, CODEX_METERED_STATE_DIR: '/proc/nope' } });
      return worst([first, added]);
    },
  },
  {
    name: 'What is read before Codex starts never ends',
    done: 'a named pipe, then /dev/zero, as `codex-metered.toml`, as `.git` and as a file of Codex’s configuration',
    codex: `started at once; ${FLOWS}`,
    record: 'as always, with a note of what was passed over',
    async hold(bench) {
      rmSync(join(bench.workTree, '.git'), { recursive: true });
      const added: Added[] = [];
      for (const put of [makePipe, linkToZero]) {
        for (const name of ['codex-metered.toml', '.git', '.codex/more.toml']) {
          rmSync(join(bench.workTree, name), { force: true });
          put(bench.workTree, name);
        }
        const run = await expectFlow(bench, { args: ['exec', '--json', '--ephemeral', 'x'] });
        await expectRecorded(bench, run);
        expect(recordOf(bench, run).notes).toContainEqual(
          expect.objectContaining({ kind: 'fault', reason: expect.stringContaining('passed over') }),
        );
        added.push(run.added);
      }
      return worst(added);
    },
  },
  {
    name: 'A named pipe is called like a session file',
    done: 'in the folder of the day',
    codex: FLOWS,
    record: ALWAYS,
    async hold(bench) {
      makePipe(dayFolder(bench), sessionName());
      return expectUnhindered(bench);
    },
  },
  {
    name: '100,000 session files in the folder of the day',
    done: 'of other runs, none of which goes on',
    codex: FLOWS,
    record: ALWAYS,
    async hold(bench) {
      const folder = dayFolder(bench);
      for (let n = 0; n < 100_000; n++) closeSync(openSync(join(folder, sessionName()), 'w'));
      const startedAt = performance.now();
      const added = await expectUnhindered(bench);
      expect(performance.now() - startedAt).toBeLessThan(30_000);
      return added;
    },
  },
  {
    name: 'The meter cannot be started',
    done: 'its process dies at once, as it does without memory',
    codex: FLOWS,
    record:
      'told in the log, to a person in one line, and by `codex-usage doctor`; the session file is there to import',
    async hold(bench) {
      const preload = join(bench.folder, 'dies.cjs');
      writeFileSync(preload, "if (process.argv[1]?.endsWith('/meter.cjs')) process.kill(process.pid, 'SIGKILL');\n");
      const { added } = await expectFlow(bench, { env: { NODE_OPTIONS: `--require=${preload}` } });
      const log = readFileSync(join(bench.stateFolder, 'codex-metered.log'), 'utf8');
      expect(log).toMatch(/A run was not metered to its end.*SIGKILL|SIGKILL.*A run was not metered to its end/);
      return added;
    },
  },
];

/**
 * Runs a Codex that writes all the while, and asserts that it is not held up and that its record is complete, after
 * `repair` where a later command completes it. Resolves with what was added to its time.
 */
async function expectUnhindered(
  bench: Workbench,
  options?: Parameters<typeof expectFlow>[1],
  repair: () => Promise<void> = async () => undefined,
): Promise<Added> {
  const run = await expectFlow(bench, options);
  await repair();
  await expectRecorded(bench, run);
  return run.added;
}

function worst(added: readonly Added[]): Added {
  return {
    lineMs: Math.max(...added.map(({ lineMs }) => lineMs)),
    endMs: Math.max(...added.map(({ endMs }) => endMs)),
  };
}

/** Whoever started the run reads its record a moment later. */
async function expectRecorded(bench: Workbench, run: Flow): Promise<void> {
  await waitFor('the record', () => isSettled(bench, run), 60_000);
  expect(recordOf(bench, run).responses.map(({ responseKey }) => responseKey)).toEqual(FAKE_RESPONSES);
}

function isSettled(bench: Workbench, run: Flow): boolean {
  try {
    return recordOf(bench, run).status === 'failed';
  } catch {
    return false;
  }
}

function untilKeptAside({ folder }: Workbench): Promise<unknown> {
  const isJson = (name: string) => name.endsWith('.json');
  return waitFor('what is kept aside', () =>
    listFiles(folder).some((path) => /pending|temporary/.test(path) && isJson(path)),
  );
}

function listFiles(folder: string): string[] {
  return execFileSync('find', [folder, '-type', 'f'], { encoding: 'utf8' }).split('\n');
}

function makePipe(folder: string, name: string): void {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  execFileSync('mkfifo', [path]);
}

function linkToZero(folder: string, name: string): void {
  symlinkSync('/dev/zero', join(folder, name));
}

function dayFolder({ codexHome }: Workbench): string {
  const now = new Date();
  const day = [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((part) => String(part).padStart(2, '0'));
  const folder = join(codexHome, 'sessions', ...day);
  mkdirSync(folder, { recursive: true });
  return folder;
}

function sessionName(): string {
  return `rollout-2026-01-01T00-00-00-${randomUUID()}.jsonl`;
}

/** As a run would have kept them: each with a response of its own. */
function keepAside(bench: Workbench, like: string, count: number): void {
  const folder = join(bench.stateFolder, 'pending');
  mkdirSync(folder, { recursive: true });
  for (let n = 0; n < count; n++) {
    const id = `${like.slice(0, -6)}${String(n).padStart(6, '0')}`;
    const change = {
      invocation: pendingInvocation(id, n),
      responses: [pendingResponse(id, n)],
      notes: [],
      rateLimits: [],
    };
    writeFileSync(join(folder, `${id}-${Date.now()}.json`), JSON.stringify({ version: 1, change }));
  }
}

function pendingInvocation(id: string, n: number) {
  const origins = { project: 'git', run: 'default', phase: 'default', iteration: 'default' };
  return {
    ...{ id, attribution: { projectId: 'shop', runId: 'aside', phase: 'other', iteration: n + 1, origins } },
    ...{ command: 'exec', cwd: '/', codexHome: '/', codexPath: '/codex', frontPid: 1, meterPid: 2 ** 22 - 1 },
    ...{ codexPid: 2 ** 22 - 1, startedAtMs: Date.now() },
  };
}

function pendingResponse(id: string, n: number) {
  const usage = { input: 100, cachedInput: 0, cacheWrite: 0, output: 10, reasoning: 0 };
  return {
    ...{ threadId: id, key: `resp_${n}`, model: 'gpt-5.3-codex', usage, evidence: 'usage_record', source: 'actual' },
    ...{ completedAtMs: Date.now(), costNanoUsd: 1 },
  };
}

/** Node stands still for two seconds with each transaction. */
const SLOW_WRITES = `
const standStill = () => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2000);
const Module = require('node:module');
const load = Module._load;
Module._load = function (name, ...rest) {
  const loaded = load.call(this, name, ...rest);
  if (loaded.isSlow) return loaded;
  if (name === 'better-sqlite3') {
    loaded.isSlow = true;
    const { transaction } = loaded.prototype;
    loaded.prototype.transaction = function (operate) {
      return transaction.call(this, (...values) => {
        standStill();
        return operate(...values);
      });
    };
  }
  if (name === 'node:sqlite') {
    const { prototype } = loaded.DatabaseSync;
    if (prototype.isSlow) return loaded;
    prototype.isSlow = true;
    const { exec } = prototype;
    prototype.exec = function (sql) {
      exec.call(this, sql);
      if (sql.startsWith('BEGIN')) standStill();
    };
  }
  return loaded;
};
`;
