import { join } from 'node:path';
import { expect } from 'vitest';
import { expectUndisturbed } from '../harness/compare.js';
import { expectExact, recordOf } from '../harness/record.js';
import type { Workbench } from '../harness/workbench.js';
import { FAKE_RESPONSES, writeSmallSessionFake } from './fake-session.js';
import { type Fault, SAME } from './fault.js';
import { ARGS, runDirect, settle } from './turn.js';

const MANY = 50;

export const CROWD_FAULTS: readonly Fault[] = [
  {
    name: '50 runs at once on one database',
    done: 'of a Codex that ends quickly, among them ten that have a database to themselves; and four of the real Codex',
    codex: `${SAME}; a run takes as long as one with a database to itself`,
    record: 'none is lost',
    async hold(bench) {
      await runCrowd(bench);
      await runRealOnes(bench);
    },
  },
];

async function runCrowd(bench: Workbench): Promise<void> {
  const codex = writeSmallSessionFake(bench, 'sleep 0.5; exit 3');
  const play = async (database: string) => {
    const startedAt = performance.now();
    const run = await bench.run(['exec', '--json', 'x'], { codex, env: { CODEX_METERED_DB: database } });
    expect(run).toMatchObject({ exitCode: 3, stderr: Buffer.alloc(0) });
    return { run, tookMs: performance.now() - startedAt };
  };
  // One in six has a database to itself: what slows the machine slows both.
  const plays = Array.from({ length: MANY * 1.2 }, (_, index) =>
    index % 6 === 0
      ? { alone: true, database: join(bench.folder, 'alone', `${index}.db`) }
      : { alone: false, database: bench.database },
  );
  const ended = await Promise.all(plays.map(async ({ alone, database }) => ({ alone, ...(await play(database)) })));
  const median = (alone: boolean) => {
    const times = ended.filter((one) => one.alone === alone).map(({ tookMs }) => tookMs);
    return times.sort((a, b) => a - b)[times.length >> 1] ?? 0;
  };
  expect(median(false)).toBeLessThan(1.5 * median(true));

  await settle(bench);
  const together = ended.filter(({ alone }) => !alone);
  expect(together).toHaveLength(MANY);
  for (const { run } of together) {
    const { status, notes, responses } = recordOf(bench, run);
    expect({ status, notes, keys: responses.map(({ responseKey }) => responseKey) }).toEqual({
      ...{ status: 'failed', notes: [], keys: FAKE_RESPONSES },
    });
  }
}

async function runRealOnes(bench: Workbench): Promise<void> {
  const direct = await runDirect(bench);
  const runs = await Promise.all([1, 2, 3, 4].map(() => bench.run(ARGS)));
  for (const run of runs) {
    expectUndisturbed(run, direct);
    const { threadId } = recordOf(bench, run);
    const ledger = bench.api.ledger.filter((entry) => entry.threadId === threadId);
    expect(ledger).toHaveLength(2);
    expectExact(bench, { ...run, ledger });
  }
}
