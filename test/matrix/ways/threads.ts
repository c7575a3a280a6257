import { createGate, waitFor } from '../../harness/wait.js';
import type { ReceivedRequest } from '../../scripted-api/ledger.js';
import { answer, shell, turn } from '../../scripted-api/script.js';
import { endPlay, minorOf, type Played, type Stage, type Way } from '../way.js';

/** The last release whose records have no turn ids, and the last but a few that keeps a thread in one legacy file. */
const WITHOUT_TURNS = '0.98.0';
const LEGACY = '0.140.0';

/** What a client of `codex app-server` can do with a thread. */
export const THREAD_WAYS: readonly Way[] = [
  // `thread/start` of 0.98 is the first here that knows `ephemeral`.
  { name: 'app-server, ephemeral threads', since: 98, play: playEphemeral },
  // `thread/settings/update` came with 0.140, whose files tell nothing of the tier.
  {
    name: 'tier changed in a turn',
    since: 151,
    judgesTier: true,
    showsIn: (requests: readonly ReceivedRequest[]) => requests.some(({ body }) => body.service_tier === 'priority'),
    play: changeTierInTurn,
  },
  // The app-server of 0.42 speaks another protocol.
  { name: 'model changed between turns', since: 64, play: changeModel },
];

/** Threads that an older Codex began. */
export const LEGACY_WAYS: readonly Way[] = [
  { name: `fork of a thread of ${WITHOUT_TURNS}`, since: 98, hasOlderLines: true, play: forkOldThread },
  { name: 'two at once on one thread', sharesAFile: true, play: resumeTwice },
  { name: `migrated after a rollback in ${LEGACY}`, since: 151, losesRows: true, hasOlderLines: true, play: migrate },
];

async function playEphemeral(stage: Stage): Promise<Played> {
  const server = await stage.serve();
  const ephemeral = await server.startThread({ ephemeral: true });
  await server.runTurn(ephemeral, 'loop');
  await server.runTurn(await server.startThread(), 'greet');
  await server.runTurn(ephemeral, 'greet');
  return endPlay(stage, server);
}

/** A model for which the release's own catalogue knows the tier: for others it writes it down and does not ask for it. */
function tieredModel(version: string): string {
  return minorOf(version) < 169 ? 'gpt-5.4' : 'gpt-6.1-sol';
}

/** The tier changes while the second response of a turn is on its way: it holds from the next turn on. */
async function changeTierInTurn(stage: Stage): Promise<Played> {
  const { version, bench } = stage;
  const gate = createGate();
  bench.api.add(
    turn(
      'held',
      shell('echo one', { input: 5000, cached: 256, output: 70 }),
      shell('echo one', { input: 5400, cached: 4992, output: 61 }, { until: gate.opened }),
      answer('Done.', { input: 5900, cached: 5376, output: 33 }),
    ),
  );
  const server = await stage.serve();
  const threadId = await server.startThread({ model: tieredModel(version) });
  const held = await server.startTurn(threadId, 'held');
  await waitFor('the second request', () => bench.api.requests.length === 2);
  await server.request('thread/settings/update', { threadId, serviceTier: 'priority' });
  gate.open();
  await server.untilTurnEnds(held);
  await server.runTurn(threadId, 'greet');
  await server.runTurn(threadId, 'greet', { serviceTier: null });
  return endPlay(stage, server);
}

async function changeModel(stage: Stage): Promise<Played> {
  const server = await stage.serve();
  const threadId = await server.startThread();
  await server.runTurn(threadId, 'loop');
  await server.runTurn(threadId, 'loop', { model: 'gpt-5.4' });
  await server.runTurn(threadId, 'greet');
  await server.runTurn(threadId, 'greet', { model: 'gpt-5.3-codex' });
  return endPlay(stage, server);
}

/** By `thread/fork` of the app-server, which 0.98 has already: the copied rows are the old thread's. */
async function forkOldThread(stage: Stage): Promise<Played> {
  const { serve, run, install, bench } = stage;
  await run(['exec', '--json', 'loop'], { codex: await install(WITHOUT_TURNS), direct: true });
  const parent = String(bench.api.ledger[0]?.threadId);
  const before = bench.api.ledger.length;
  const server = await serve();
  const { thread } = await server.request('thread/fork', { threadId: parent });
  const fork = (thread as { id: string }).id;
  await server.runTurn(fork, 'greet');
  await server.runTurn(fork, 'loop');
  return endPlay(stage, server, before);
}

/** Each waits in its second response until the other is as far. Codex 0.151 and later refuses the second. */
async function resumeTwice({ start, run, bench }: Stage): Promise<Played[]> {
  const { opened: until, open } = createGate();
  const prompts = ['number one', 'number two'];
  for (const [index, prompt] of prompts.entries()) {
    const first = shell('echo one', { input: 5000 + index, cached: 256, output: 70 + index });
    bench.api.add(turn(prompt, first, answer('Done.', { input: 5900 + index, output: 33 }, { until })));
  }
  const threadId = String((await run(['exec', '--json', 'loop'])).ledger[0]?.threadId);
  const { ledger, requests } = bench.api;
  const [reported, requested] = [ledger.length, requests.length];
  const runs = prompts.map((prompt) => start(['exec', '--json', 'resume', threadId, prompt]));
  let ended = 0;
  for (const one of runs) void one.ended.then(() => ended++);
  await waitFor('both in their second response, or one refused', () => ended > 0 || requests.length === requested + 4);
  open();
  const both = await Promise.all(runs.map((one) => one.ended));
  return both.map((one) => ({ ...one, ledger: ledger.slice(reported) }));
}

/** The rows of a turn that was rolled back are gone then; the turns before were metered while they were there. */
async function migrate(stage: Stage): Promise<Played[]> {
  const { serve, run, install } = stage;
  const server = await serve({ codex: await install(LEGACY) });
  const threadId = await server.startThread();
  await server.runTurn(threadId, 'loop');
  await server.runTurn(threadId, 'greet');
  await server.request('thread/rollback', { threadId, numTurns: 1 });
  await server.runTurn(threadId, 'count the shelves');
  const before = await endPlay(stage, server);
  await run(['migrate-rollouts', '--apply']);
  return [before, await run(['exec', '--json', 'resume', threadId, 'greet'])];
}
