import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { findMeter, listCodex, untilMetersEnd } from '../harness/children.js';
import { runInShell } from '../harness/compare.js';
import { readRecord } from '../harness/record.js';
import { waitFor } from '../harness/wait.js';
import { METERED, type Workbench } from '../harness/workbench.js';
import { FAKE_RESPONSES, writeSessionFake, writeSmallSessionFake } from './fake-session.js';
import { type Fault, SAME } from './fault.js';

/** However a run ends: nothing of ours outlives it for longer. */
const BOUND_MS = 10_000;

/** What surrounds a run and ends it, and what becomes of the process that records. */
export const LIFETIME_FAULTS: readonly Fault[] = [
  {
    name: 'The process group is killed by SIGKILL',
    done: 'codex-metered and Codex at once, as runners do',
    codex: 'ended, as without us',
    record: 'what was used until then, `interrupted`; the meter, which is in no group but its own, ends a moment later',
    async hold(bench) {
      const { child } = await startWaiting(bench);
      process.kill(-(child.pid ?? 0), 'SIGKILL');
      await expectEnded(bench, { status: 'interrupted', signal: 'SIGKILL' });
    },
  },
  {
    name: '`timeout -k` loses its patience',
    done: 'SIGTERM, which Codex ignores, then SIGKILL to codex-metered and its group',
    codex: 'ended, as without us',
    record: 'what was used until then, `interrupted`',
    async hold(bench) {
      const { ended } = await startWaiting(bench, { via: ['timeout', '-k', '1', '2'] });
      expect(await ended).toEqual([null, 'SIGKILL']);
      await expectEnded(bench, { status: 'interrupted', signal: 'SIGKILL' });
    },
  },
  {
    name: 'All processes of a container or a service are sent SIGTERM',
    done: 'codex-metered, Codex and the meter, one by one',
    codex: 'ended by SIGTERM, as without us',
    record: 'as always: the meter goes on until it is done',
    async hold(bench) {
      const { child, ended } = await startWaiting(bench, { signals: 'obeyed' });
      const front = child.pid ?? 0;
      for (const pid of [await findMeter(front), ...listCodex(front), front]) process.kill(pid, 'SIGTERM');
      expect(await ended).toEqual([null, 'SIGTERM']);
      await expectEnded(bench, { status: 'interrupted', signal: 'SIGTERM' });
    },
  },
  {
    name: 'codex-metered is the first process of a container',
    done: 'as PID 1, whose end takes all other processes with it',
    codex: SAME,
    record: 'as always: the end of the run waits for it, 5 s at most',
    async hold(bench) {
      if (!mayUnshare()) return;
      const { ended } = await startWaiting(bench, { via: ['unshare', '-p', '-f', '--mount-proc'], ms: 500 });
      expect(await ended).toEqual([3, null]);
      await expectEnded(bench, { status: 'failed' });
    },
  },
  {
    name: 'codex-metered is started by nohup or setsid',
    done: 'without a terminal, in a session of its own',
    codex: SAME,
    record: 'as always, and no process is left',
    async hold(bench) {
      for (const [index, via] of [['nohup'], ['setsid', '--wait']].entries()) {
        const { ended } = await startWaiting(bench, { via, ms: 500, nth: index + 1 });
        expect(await ended).toEqual([3, null]);
        await expectEnded(bench, { status: 'failed' });
      }
    },
  },
  {
    name: 'The folder in which Codex works has been deleted',
    done: 'before the run begins',
    codex: SAME,
    record: 'as always, under the name that the folder had',
    async hold(bench) {
      const codex = writeSmallSessionFake(bench, 'exit 3');
      const run = await runInShell(bench, 'mkdir gone; cd gone; rmdir ../gone; codex exec --json x', { codex });
      expect(run.exitCode).toBe(3);
      const [recorded] = readRecord(bench.database);
      expect(recorded).toMatchObject({ projectId: 'shop', status: 'failed' });
      expect(recorded?.responses.map(({ responseKey }) => responseKey)).toEqual(FAKE_RESPONSES);
    },
  },
];

interface Surroundings {
  /** A command that becomes what is run. */
  readonly via?: readonly string[];
  readonly signals?: 'ignored' | 'obeyed';
  /** How long Codex works. */
  readonly ms?: number;
  /** Which run on this workbench it is. */
  readonly nth?: number;
}

const WORK = `
  for (const line of usage) tell(line);
  fs.writeFileSync(process.env.READY, '');
  if (process.env.SIGNALS === 'ignored') process.on('SIGTERM', () => {});
  setTimeout(() => process.exit(3), Number(process.env.MS));`;

/** Starts a Codex that works, in a process group of its own, as a caller would who is told nothing of waiting. */
async function startWaiting(
  bench: Workbench,
  { via = [], signals = 'ignored', ms = 60_000, nth = 1 }: Surroundings = {},
): Promise<{ child: ReturnType<typeof spawn>; ended: Promise<[number | null, NodeJS.Signals | null]> }> {
  const ready = join(bench.folder, `ready-${performance.now()}`);
  const [file = '', ...args] = [...via, process.execPath, METERED, 'exec', '--json', 'x'];
  const child = spawn(file, args, {
    cwd: bench.workTree,
    env: {
      ...bench.env,
      ...{ CODEX_METERED_CODEX: writeSessionFake(bench, WORK), CODEX_METERED_WAIT: undefined },
      ...{ READY: ready, SIGNALS: signals, MS: String(ms) },
    },
    stdio: 'ignore',
    detached: true,
  });
  const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]>;
  await waitFor('Codex to work', () => existsSync(ready));
  // A meter that has yet to start is another test's.
  await waitFor('the record', () => countInvocations(bench) === nth);
  return { child, ended };
}

/** Of which both responses are recorded. */
function countInvocations({ database }: Workbench): number {
  try {
    return readRecord(database).filter(({ responses }) => responses.length === FAKE_RESPONSES.length).length;
  } catch {
    return 0;
  }
}

async function expectEnded(bench: Workbench, expected: object): Promise<void> {
  const endedAt = performance.now();
  await untilMetersEnd(bench.folder);
  expect(performance.now() - endedAt).toBeLessThan(BOUND_MS);
  const recorded = readRecord(bench.database).at(-1);
  expect(recorded).toMatchObject(expected);
  expect(recorded?.responses.map(({ responseKey }) => responseKey)).toEqual(FAKE_RESPONSES);
}

function mayUnshare(): boolean {
  return spawnSync('unshare', ['-p', '-f', '--mount-proc', 'true']).status === 0;
}
