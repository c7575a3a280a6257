import type { AppServer } from '../../clients/app-server.js';
import { minorOf, type Played, REVERT_SINCE, type Stage, type Way } from '../way.js';
import { editOnTerminal } from './terminal.js';

/** Threads of which turns were taken back: they go on in a further file. All of it was billed. */
export const PAGE_WAYS: readonly Way[] = [
  { name: 'turns taken back', fixture: 'reverted', play: (stage) => playReverted(stage, revertOnce) },
  { name: 'taken back twice', fixture: 'reverted-twice', play: (stage) => playReverted(stage, revertTwice) },
  { name: 'taken back to the first turn', play: (stage) => playReverted(stage, revertToTheFirst) },
  { name: 'resume of a thread taken back', play: (stage) => resumeReverted(stage, revertTwice) },
  { name: 'resume, taken back to the first turn', play: (stage) => resumeReverted(stage, revertToTheFirst) },
  { name: 'fork of a thread taken back', play: forkReverted },
  { name: 'interactive, Esc Esc and an edit', play: editOnTerminal },
];

type Revert = (server: AppServer, threadId: string) => Promise<void>;

const revertOnce: Revert = async (server, threadId) => {
  await server.runTurn(threadId, 'loop');
  const second = await server.runTurn(threadId, 'greet');
  await server.runTurn(threadId, 'remember');
  await server.revert(threadId, second);
  await server.runTurn(threadId, 'loop');
};

/** The second time it takes back the first turn of the second page, and repeats a prompt of the first page. */
const revertTwice: Revert = async (server, threadId) => {
  await server.runTurn(threadId, 'loop');
  const second = await server.runTurn(threadId, 'greet');
  await server.revert(threadId, second);
  const third = await server.runTurn(threadId, 'remember');
  await server.revert(threadId, third);
  // Its total is now the one that was reached by `greet` on the first page: another response all the same.
  await server.runTurn(threadId, 'greet');
  await server.runTurn(threadId, 'loop');
};

/** What is written then has no base, and its totals begin at zero: they are those of the first page once more. */
const revertToTheFirst: Revert = async (server, threadId) => {
  const first = await server.runTurn(threadId, 'loop');
  await server.runTurn(threadId, 'greet');
  await server.revert(threadId, first);
  await server.runTurn(threadId, 'loop');
  await server.runTurn(threadId, 'remember');
};

async function playReverted({ serve, version, bench }: Stage, revert: Revert): Promise<Played | undefined> {
  if (minorOf(version) < REVERT_SINCE) return undefined;
  const server = await serve();
  await revert(server, await server.startThread());
  return { pid: server.pid, exitCode: await server.close(), ledger: [...bench.api.ledger] };
}

/** More than the run takes, less than what stands in the thread's files. */
const BUDGET_TOKENS = '20000';

/**
 * Nobody metered what was taken back: a run that resumes the thread is its own responses alone. What is taken for its own
 * beside them would end it by its budget.
 */
async function resumeReverted({ serve, run, version }: Stage, revert: Revert): Promise<Played | undefined> {
  if (minorOf(version) < REVERT_SINCE) return undefined;
  const server = await serve({ direct: true });
  const threadId = await server.startThread();
  await revert(server, threadId);
  await server.close();
  return run(['exec', '--json', 'resume', threadId, 'loop'], { meter: ['--meter-budget-tokens', BUDGET_TOKENS] });
}

async function forkReverted({ serve, run, version }: Stage): Promise<Played | undefined> {
  if (minorOf(version) < REVERT_SINCE) return undefined;
  const server = await serve({ direct: true });
  const threadId = await server.startThread();
  await revertOnce(server, threadId);
  await server.close();
  return run(['exec', 'fork', threadId, '--json', 'greet']);
}
