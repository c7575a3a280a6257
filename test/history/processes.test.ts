import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writeHistory } from '../../bench/synthetic-history.js';
import { type Connection, openDatabase } from '../../src/store/driver.js';
import { rollout } from '../harness/fake-rollouts.js';
import { openSheet } from '../harness/terminal.js';
import { waitFor } from '../harness/wait.js';
import { USAGE } from '../harness/workbench.js';
import { createStore } from '../store/samples.js';
import { createHistory, environmentOf, type History } from './sessions.js';

const USED = { input: 500, cachedInput: 20, output: 31, reasoning: 3 };
const FILES = 8;
const RESPONSES_PER_FILE = 5000;

describe('an import that runs as a process', () => {
  it.each([
    ['small', 1_000_000, 10],
    ['that several threads read', 12_000_000, 40],
  ])('shares the files of a history with two others, and leaves its sessions packed: %s', (_, bytes, files) => {
    const history = createHistory();
    const written = writeHistory(history.home, bytes, files);
    const script = `for import in 1 2 3; do "$0" "$1" import --json | tr -d '\\n' & done; wait`;
    const options = { env: environmentOf(history), encoding: 'utf8' } as const;
    const { status, stdout } = spawnSync('sh', ['-c', script, process.execPath, USAGE], options);
    expect(status).toBe(0);
    const summaries: Record<string, number>[] = JSON.parse(`[${stdout.replaceAll('}{', '},{')}]`);
    const sum = (key: string) => summaries.reduce((total, summary) => total + (summary[key] ?? 0), 0);
    expect(['filesRead', 'bytesRead', 'added', 'duplicates'].map(sum)).toEqual([
      files,
      written.bytes,
      written.responses,
      0,
    ]);
    expect(history.query('SELECT sum(responses) AS n FROM buckets')).toEqual([{ n: written.responses }]);
    expect(history.query('SELECT count(*) AS packs, sum(responses) AS n FROM response_packs')).toEqual([
      { packs: files, n: written.responses },
    ]);
    expect(readdirSync(dirname(history.database)).filter((name) => name.includes('-import'))).toEqual([]);
  });

  it('reads all into a database that is not there yet, and nothing where there is nothing', () => {
    const history = createHistory();
    const importNow = () => {
      const run = spawnSync(process.execPath, [USAGE, 'import', '--json'], { env: environmentOf(history) });
      return { status: run.status, stderr: String(run.stderr), ...JSON.parse(String(run.stdout)) };
    };
    expect(importNow()).toMatchObject({ status: 0, stderr: '', files: 0, added: 0 });
    const all = writeSessions(history);
    expect(importNow()).toMatchObject({ status: 0, stderr: '', added: all, duplicates: 0, problems: [] });
    expect(importNow()).toMatchObject({ status: 0, stderr: '', filesRead: 0, added: 0 });
  });

  it('is continued by the next one when it was killed', async () => {
    const history = createHistory();
    const all = writeSessions(history);
    const other = connect(history);
    const child = spawn(process.execPath, [USAGE, 'import'], { env: environmentOf(history), stdio: 'ignore' });
    const ended = once(child, 'exit');
    const count = other.prepare('SELECT count(*) FROM responses').pluck();
    while (count.get() === 0) await setImmediate();
    // It may not go on writing after the check and before its end.
    other.exec('BEGIN IMMEDIATE');
    const before = count.get() as number;
    child.kill('SIGKILL');
    await ended;
    other.exec('ROLLBACK');
    expect(before).toBeLessThan(all);
    const { stdout } = spawnSync(process.execPath, [USAGE, 'import', '--json'], { env: environmentOf(history) });
    expect(JSON.parse(String(stdout))).toMatchObject({ added: all - before, duplicates: 0, problems: [] });
    expect(history.query('SELECT sum(responses) AS n FROM buckets')).toEqual([{ n: all }]);
  });

  it('shows on a terminal how far it is, and takes that away in the end', async () => {
    const history = createHistory();
    const all = writeSessions(history);
    const other = connect(history);
    // What it has read waits here to be written: it stays in the middle for as long as it is looked at.
    other.exec('BEGIN IMMEDIATE');
    const sheet = openSheet([USAGE, 'import'], { env: environmentOf(history), cwd: history.home, columns: 100 });
    const bar = /^Reading sessions [█░]{24} +\d+% {2}\d of 8 files, \d+ MB$/;
    await waitFor('the bar', () => sheet.lines().some((line) => bar.test(line)));
    other.exec('ROLLBACK');
    expect(await sheet.ended).toMatchObject({ exitCode: 0 });
    await waitFor('the summary', () => sheet.lines()[1]?.startsWith(`${all.toLocaleString('en')} responses added`));
    expect(sheet.lines()[0]?.trim()).toMatch(/^8 session files: 8 read \(\d+\.\d MB\), 0 unchanged$/);
    expect(sheet.lines().join('\n')).not.toMatch(/Reading|[█░]/);
  });
});

/** More than is read in one thread, in two of which each has several transactions. Returns how many responses there are. */
function writeSessions(history: History): number {
  for (let index = 0; index < FILES; index++) writeSession(history, index, RESPONSES_PER_FILE);
  return FILES * RESPONSES_PER_FILE;
}

function writeSession(history: History, index: number, responses: number): void {
  const thread = `01a20134-5175-7ba0-a3a5-e64a7c34143${index}`;
  const turn = `01a20134-5194-76b1-8ed0-2db832dc471${index}`;
  history.write(`rollout-2026-03-04T05-06-0${index}-${thread}.jsonl`, [
    ...[rollout.header(thread), rollout.turnStarted(turn), rollout.turnContext(turn)],
    ...Array.from({ length: responses }, (_, n) => rollout.usageRecord(thread, turn, `r${n}`, USED)),
  ]);
}

/** Another connection to the history's database. */
function connect({ database }: History): Connection {
  createStore(database);
  const connection = openDatabase(database);
  onTestFinished(() => void connection.close());
  return connection;
}
