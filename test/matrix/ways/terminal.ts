import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { openSheet, type Sheet } from '../../harness/terminal.js';
import { waitFor } from '../../harness/wait.js';
import { METERED, type Workbench } from '../../harness/workbench.js';
import type { LedgerEntry } from '../../scripted-api/ledger.js';
import { listThreads } from '../session-files.js';
import { minorOf, type Played, REVERT_SINCE, type Stage } from '../way.js';

const [ENTER, ESCAPE, INTERRUPT] = ['\r', '\u001b', '\u0003'] as const;

/**
 * The interactive Codex on a terminal: the second prompt is edited and sent again. 0.169 takes the turn back, older ones
 * go on in a fork. Beside the thread Codex asks for a title in threads that stand in no file, which nothing tells of: only
 * those that have a file are judged.
 */
export async function editOnTerminal({ bench, codex, version, run }: Stage): Promise<Played | undefined> {
  if (minorOf(version) < REVERT_SINCE) return undefined;
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
