import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { openStore } from '../src/store/store.js';
import { sampleInvocation, sampleResponse } from '../test/store/samples.js';
import { type Section, summariseRatios } from './figures.js';
import { measureInTurns } from './rounds.js';
import { USAGE, type Workspace } from './workspace.js';

const WARM_UPS = 3;
const INVOCATIONS = 5000;

/** What a prompt waits for, with a record of some months. */
export async function benchStatusline(workspace: Workspace, rounds = 25): Promise<Section> {
  fillDatabase(workspace.database);
  const measured = await measureInTurns(
    {
      'node -e 0': () => workspace.time([process.execPath, '-e', '0']),
      statusline: () => workspace.time([process.execPath, USAGE, 'statusline']),
    },
    { rounds, warmUps: WARM_UPS },
  );
  const quotients = measured.quotients((round) => round.statusline.ms / round['node -e 0'].ms);
  return {
    name: 'statusline',
    about: `codex-usage statusline with ${INVOCATIONS} invocations in the record, as a multiple of what Node itself takes.`,
    rounds,
    columns: measured.columns,
    ratios: [summariseRatios('statusline / node -e 0', quotients, { bound: 'at most', value: 2.5 })],
    figures: [],
  };
}

function fillDatabase(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const store = openStore(path, { mode: 'write' });
  const nowMs = Date.now();
  store.connection.pragma('synchronous = OFF');
  for (let index = 0; index < INVOCATIONS; index++) {
    const startedAtMs = nowMs - index * 20 * 60_000;
    const invocation = sampleInvocation(`${index}`, { startedAtMs, attribution: { runId: `run-${index % 300}` } });
    const responses = [1, 2, 3].map((key) => sampleResponse(`${index}-${key}`, { completedAtMs: startedAtMs }));
    store.record({ invocation, responses, update: { status: 'completed', endedAtMs: startedAtMs + 60_000 } });
  }
  store.close();
}
