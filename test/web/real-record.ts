import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import { reviewInOneThread } from '../harness/planted-causes.js';
import { openWorkbench, USAGE, type Workbench } from '../harness/workbench.js';

const DAY_MS = 86_400_000;
const DAYS = 90;
/** The time of day at which a copy begins, and how many copies there are of a day: the same at each call. */
const COPIES = [3, 5, 2, 4, 6, 0, 1];

/**
 * Makes a record of real runs of Codex: the loop of a builder and a reviewer with its planted causes, as it was metered, and for
 * the three months before it the session files of those runs, copied to earlier days and imported. What they used is what the
 * scripted API reported; only the days of the copies are made up.
 */
export async function recordRealRuns(): Promise<Workbench> {
  const bench = await openWorkbench();
  await reviewInOneThread(bench, (iteration) => {
    const input = 24_000 + 9000 * iteration;
    return { input, cached: iteration === 1 ? 0 : 22_016, output: 900 + 340 * iteration, reasoning: 260 };
  });
  const earlier = join(bench.folder, 'earlier');
  copyToEarlierDays(join(bench.codexHome, 'sessions'), join(earlier, 'sessions'));
  await execa(process.execPath, [USAGE, 'import'], { env: { ...bench.env, CODEX_HOME: earlier } });
  return bench;
}

function copyToEarlierDays(from: string, to: string): void {
  const files = readdirSync(from, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.jsonl'));
  for (let day = 1; day < DAYS; day++) {
    for (let copy = 0; copy < (COPIES[day % COPIES.length] ?? 0); copy++) {
      const name = files[(day + copy) % files.length] ?? '';
      const { text, startedAt, threadId } = moveBack(readFileSync(join(from, name), 'utf8'), day, copy);
      const date = startedAt.slice(0, 10);
      const file = `rollout-${startedAt.slice(0, 19).replaceAll(':', '-')}-${threadId}.jsonl`;
      const path = join(to, date.replaceAll('-', '/'), basename(file));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  }
}

/** Moves all times of a session file back, and gives the thread and its responses names of their own. */
function moveBack(text: string, days: number, copy: number): { text: string; startedAt: string; threadId: string } {
  const own = `${days.toString(16).padStart(2, '0')}${copy.toString(16)}`;
  const [first = ''] = text.split('\n', 1);
  const meta = JSON.parse(first) as { timestamp: string; payload: { id: string } };
  const move = (iso: string) => new Date(Date.parse(iso) - days * DAY_MS - copy * 3_600_000).toISOString();
  const threadId = `${meta.payload.id.slice(0, -3)}${own}`;
  return {
    text: text
      .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z/g, move)
      .replaceAll(meta.payload.id, threadId)
      .replaceAll(/"(resp_[\w-]+)"/g, `"$1_${own}"`),
    startedAt: move(meta.timestamp),
    threadId,
  };
}
