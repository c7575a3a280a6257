import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AppServer } from '../../clients/app-server.js';
import { openSheet, type Sheet } from '../../harness/terminal.js';
import { waitFor } from '../../harness/wait.js';
import { METERED, type Workbench } from '../../harness/workbench.js';
import type { LedgerEntry } from '../../scripted-api/ledger.js';
import { listThreads } from '../session-files.js';
import { endPlay, type Played, type Stage, type Way } from '../way.js';

/** The release with which `thread/revert` came; before, `thread/rollback` left everything in one file. */
const REVERT_SINCE = 151;

const PLAYS: readonly Way[] = [
  { name: 'turns taken back', fixture: 'reverted', play: (stage) => playReverted(stage, revertOnce) },
  { name: 'taken back twice', fixture: 'reverted-twice', play: (stage) => playReverted(stage, revertTwice) },
  { name: 'taken back to the first turn', play: (stage) => playReverted(stage, revertToTheFirst) },
  { name: 'resume of a thread taken back', play: (stage) => resumeReverted(stage, revertTwice) },
  { name: 'resume, taken back to the first turn', play: (stage) => resumeReverted(stage, revertToTheFirst) },
  { name: 'fork of a thread taken back', play: forkReverted },
  { name: 'interactive, Esc Esc and an edit', play: editOnTerminal },
];

/** Threads of which turns were taken back: they go on in a further file. All of it was billed. */
export const PAGE_WAYS = PLAYS.map((way): Way => ({ ...way, since: REVERT_SINCE }));

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

async function playReverted(stage: Stage, revert: Revert): Promise<Played> {
  const server = await stage.serve();
  await revert(server, await server.startThread());
  return endPlay(stage, server);
}

/** More than the run takes, less than what stands in the thread's files. */
const BUDGET_TOKENS = '20000';

/**
 * Nobody metered what was taken back: a run that resumes the thread is its own responses alone. What is taken for its own
 * beside them would end it by its budget.
 */
async function resumeReverted(stage: Stage, revert: Revert): Promise<Played> {
  const threadId = await leaveReverted(stage, revert);
  return stage.run(['exec', '--json', 'resume', threadId, 'loop'], { meter: ['--meter-budget-tokens', BUDGET_TOKENS] });
}

async function forkReverted(stage: Stage): Promise<Played> {
  return stage.run(['exec', 'fork', await leaveReverted(stage, revertOnce), '--json', 'greet']);
}

/** Has a server that nobody meters take turns back. Returns the thread. */
async function leaveReverted({ serve }: Stage, revert: Revert): Promise<string> {
  const server = await serve({ direct: true });
  const threadId = await server.startThread();
  await revert(server, threadId);
  await server.close();
  return threadId;
}

const [ENTER, ESCAPE, INTERRUPT] = ['\r', '\u001b', '\u0003'] as const;

/**
 * The interactive Codex on a terminal: the second prompt is edited and sent again. 0.169 takes the turn back, older ones
 * go on in a fork. Beside the thread Codex asks for a title in threads that stand in no file, which nothing tells of: only
 * those that have a file are judged.
 */
async function editOnTerminal({ bench, codex, run }: Stage): Promise<Played> {
  appendFileSync(join(bench.codexHome, 'config.toml'), `\n[projects."${bench.workTree}"]\ntrust_level = "trusted"\n`);
  const help = await run(['--help'], { direct: true });
  const alone = help.stdout.includes('--no-daemon') ? ['--no-daemon'] : [];
  const sheet = openSheet([METERED, ...alone, 'loop'], {
    env: { ...bench.env, CODEX_METERED_CODEX: codex },
    cwd: bench.workTree,
    ...{ columns: 140, rows: 50 },
  });
  try {
    await talk(bench, sheet);
    const { exitCode } = await sheet.ended;
    return { pid: sheet.pid, exitCode, ledger: keptIn(bench) };
  } catch (error) {
    sheet.kill('SIGTERM');
    await sheet.ended;
    throw error;
  }
}

async function talk(bench: Workbench, sheet: Sheet): Promise<void> {
  const shows = (...texts: readonly RegExp[]) => {
    const lines = sheet.lines();
    return texts.every((text) => lines.some((line) => text.test(line)));
  };
  const hasAnswered = (responses: number, text: RegExp) => () =>
    keptIn(bench).length === responses && shows(text, /^› Ask Codex/);
  await waitFor('the first answer', hasAnswered(3, /Done\./));
  await type(sheet, 'greet two', () => shows(/^› greet two/));
  await type(sheet, ENTER, hasAnswered(4, /Hello\./));
  await press(sheet, ESCAPE, () => shows(/esc again to edit/));
  await press(sheet, ESCAPE, () => shows(/rewind|enter to edit/));
  await type(sheet, ENTER, () => shows(/reverted to this point|continuing from this point/, /^› greet two/));
  await type(sheet, ' and again', () => shows(/^› greet two and again/));
  await type(sheet, ENTER, hasAnswered(5, /Hello\./));
  let isOver = false;
  void sheet.ended.then(() => {
    isOver = true;
  });
  await press(sheet, INTERRUPT, () => isOver);
}

/** What the API reported of threads that have a session file. */
function keptIn(bench: Workbench): LedgerEntry[] {
  const threads = listThreads([bench.codexHome]);
  return bench.api.ledger.filter(({ threadId }) => threads.has(String(threadId)));
}

async function type(sheet: Sheet, keys: string, happened: () => boolean): Promise<void> {
  sheet.type(keys);
  await waitFor(`what follows ${JSON.stringify(keys)}`, happened);
}

/** How long a key is waited for that may come to nothing: while a turn is just ending it means something else. */
const KEY_MS = 1500;
const PRESSES = 10;

/** Presses a key until it has done what it is to do. */
async function press(sheet: Sheet, key: string, happened: () => boolean): Promise<void> {
  for (let left = PRESSES; ; left--) {
    sheet.type(key);
    try {
      return await waitFor(`what follows ${JSON.stringify(key)}`, happened, KEY_MS).then(() => undefined);
    } catch (error) {
      if (left === 1) throw error;
    }
  }
}
