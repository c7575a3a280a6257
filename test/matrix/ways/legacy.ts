import { waitFor } from '../../harness/wait.js';
import type { Reply, Scenario } from '../../scripted-api/script.js';
import { runCommand } from '../script.js';
import { minorOf, type Played, type Stage, type Way } from '../way.js';

/** The last release whose records have no turn ids, and the last but a few that keeps a thread in one legacy file. */
const WITHOUT_TURNS = '0.98.0';
const LEGACY = '0.140.0';
const MIGRATION_SINCE = 151;

/** Threads that an older Codex began. */
export const LEGACY_WAYS: readonly Way[] = [
  { name: `fork of a thread of ${WITHOUT_TURNS}`, hasOlderLines: true, play: forkOldThread },
  { name: 'two at once on one thread', sharesAFile: true, play: resumeTwice },
  { name: `migrated after a rollback in ${LEGACY}`, losesRows: true, hasOlderLines: true, play: migrate },
];

/** By `thread/fork` of the app-server, which 0.98 has already: the copied rows are the old thread's. */
async function forkOldThread({ serve, run, install, version, bench }: Stage): Promise<Played | undefined> {
  if (minorOf(version) < 98) return undefined;
  await run(['exec', '--json', 'loop'], { codex: await install(WITHOUT_TURNS), direct: true });
  const parent = String(bench.api.ledger[0]?.threadId);
  const before = bench.api.ledger.length;
  const server = await serve();
  const { thread } = await server.request('thread/fork', { threadId: parent });
  const fork = (thread as { id: string }).id;
  await server.runTurn(fork, 'greet');
  await server.runTurn(fork, 'loop');
  return { pid: server.pid, exitCode: await server.close(), ledger: bench.api.ledger.slice(before) };
}

/** Each waits in its second response until the other is as far. Codex 0.151 and later refuses the second. */
async function resumeTwice({ start, run, bench }: Stage): Promise<Played[]> {
  let release = () => {};
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  const prompts = ['number one', 'number two'];
  const scenarios = prompts.map((prompt, index): Scenario => {
    const first: Reply = {
      calls: (_, tools) => [runCommand('echo one', tools)],
      usage: { input: 5000 + index, cached: 256, output: 70 + index },
    };
    return { prompt, replies: [first, { message: 'Done.', until, usage: { input: 5900 + index, output: 33 } }] };
  });
  bench.api.add(...scenarios);
  const threadId = String((await run(['exec', '--json', 'loop'])).ledger[0]?.threadId);
  const { ledger, requests } = bench.api;
  const [reported, requested] = [ledger.length, requests.length];
  const runs = prompts.map((prompt) => start(['exec', '--json', 'resume', threadId, prompt]));
  let ended = 0;
  for (const one of runs) void one.ended.then(() => ended++);
  await waitFor('both in their second response, or one refused', () => ended > 0 || requests.length === requested + 4);
  release();
  const both = await Promise.all(runs.map((one) => one.ended));
  return both.map((one) => ({ ...one, ledger: ledger.slice(reported) }));
}

/** The rows of a turn that was rolled back are gone then; the turns before were metered while they were there. */
async function migrate({ serve, run, install, version, bench }: Stage): Promise<Played[] | undefined> {
  if (minorOf(version) < MIGRATION_SINCE) return undefined;
  const server = await serve({ codex: await install(LEGACY) });
  const threadId = await server.startThread();
  await server.runTurn(threadId, 'loop');
  await server.runTurn(threadId, 'greet');
  await server.request('thread/rollback', { threadId, numTurns: 1 });
  await server.runTurn(threadId, 'count the shelves');
  const before = { pid: server.pid, exitCode: await server.close(), ledger: [...bench.api.ledger] };
  await run(['migrate-rollouts', '--apply']);
  return [before, await run(['exec', '--json', 'resume', threadId, 'greet'])];
}
