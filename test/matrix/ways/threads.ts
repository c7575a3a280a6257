import { waitFor } from '../../harness/wait.js';
import type { ReceivedRequest } from '../../scripted-api/ledger.js';
import type { ToolCall } from '../../scripted-api/script.js';
import { minorOf, type Played, type Stage, type Way } from '../way.js';

/** What a client of `codex app-server` can do with a thread. */
export const THREAD_WAYS: readonly Way[] = [
  { name: 'app-server, ephemeral threads', play: playEphemeral },
  { name: 'tier changed in a turn', judgesTier: true, showsIn: asksForTier, play: changeTierInTurn },
  { name: 'model changed between turns', play: changeModel },
];

/** `thread/start` of 0.98 is the first here that knows `ephemeral`. */
async function playEphemeral({ serve, version, bench }: Stage): Promise<Played | undefined> {
  if (minorOf(version) < 98) return undefined;
  const server = await serve();
  const ephemeral = await server.startThread({ ephemeral: true });
  await server.runTurn(ephemeral, 'loop');
  await server.runTurn(await server.startThread(), 'greet');
  await server.runTurn(ephemeral, 'greet');
  return { pid: server.pid, exitCode: await server.close(), ledger: [...bench.api.ledger] };
}

function asksForTier(requests: readonly ReceivedRequest[]): boolean {
  return requests.some(({ body }) => body.service_tier === 'priority');
}

/** A model for which the release's own catalogue knows the tier: for others it writes it down and does not ask for it. */
function tieredModel(version: string): string {
  return minorOf(version) < 169 ? 'gpt-5.4' : 'gpt-6.1-sol';
}

/** The tier changes while the second response of a turn is on its way: it holds from the next turn on. */
async function changeTierInTurn({ serve, version, bench }: Stage): Promise<Played | undefined> {
  // `thread/settings/update` came with 0.140, whose files tell nothing of the tier.
  if (minorOf(version) < 151) return undefined;
  let release = () => {};
  const until = new Promise<void>((resolve) => {
    release = resolve;
  });
  const call: ToolCall = { tool: 'exec_command', cmd: 'echo one' };
  bench.api.add({
    prompt: 'held',
    replies: [
      { calls: [call], usage: { input: 5000, cached: 256, output: 70 } },
      { calls: [call], until, usage: { input: 5400, cached: 4992, output: 61 } },
      { message: 'Done.', usage: { input: 5900, cached: 5376, output: 33 } },
    ],
  });
  const server = await serve();
  const threadId = await server.startThread({ model: tieredModel(version) });
  const held = await server.startTurn(threadId, 'held');
  await waitFor('the second request', () => bench.api.requests.length === 2);
  await server.request('thread/settings/update', { threadId, serviceTier: 'priority' });
  release();
  await server.untilTurnEnds(held);
  await server.runTurn(threadId, 'greet');
  await server.runTurn(threadId, 'greet', { serviceTier: null });
  return { pid: server.pid, exitCode: await server.close(), ledger: [...bench.api.ledger] };
}

async function changeModel({ serve, version, bench }: Stage): Promise<Played | undefined> {
  // The app-server of 0.42 speaks another protocol.
  if (minorOf(version) < 64) return undefined;
  const server = await serve();
  const threadId = await server.startThread();
  await server.runTurn(threadId, 'loop');
  await server.runTurn(threadId, 'loop', { model: 'gpt-5.4' });
  await server.runTurn(threadId, 'greet');
  await server.runTurn(threadId, 'greet', { model: 'gpt-5.3-codex' });
  return { pid: server.pid, exitCode: await server.close(), ledger: [...bench.api.ledger] };
}
