import { copyFileSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { type BackfillOutcome, backfillRuns } from '../../src/history/backfill/backfill.js';
import { type ImportSummary, importHistory } from '../../src/history/import.js';
import { openDatabase } from '../../src/store/driver.js';
import { readRows } from '../../src/store/sql.js';
import { rollout } from '../harness/fake-rollouts.js';
import type { Fixture } from '../harness/fixtures.js';
import { createFolder } from '../store/samples.js';

/** A CODEX_HOME with sessions, and a database, both of the running test alone. */
export interface History {
  readonly home: string;
  readonly database: string;
  /** Writes a session file with these lines, or with these bytes, and returns its path. */
  write(name: string, content: readonly object[] | string | Buffer): string;
  addFixture(fixture: Fixture): void;
  import(): Promise<ImportSummary>;
  query<Row>(sql: string, ...values: unknown[]): Row[];
}

export function createHistory(): History {
  const home = createFolder();
  const database = join(createFolder(), 'usage.db');
  const folder = join(home, 'sessions', '2026', '03', '04');
  mkdirSync(folder, { recursive: true });
  return {
    home,
    database,
    write(name, content) {
      const path = join(folder, name);
      writeFileSync(path, Array.isArray(content) ? encodeLines(content) : (content as string | Buffer));
      return path;
    },
    addFixture({ files }) {
      for (const path of files) copyFileSync(path, join(folder, basename(path)));
    },
    import: () => importHistory({ database, homes: { codex: [home], claude: [] } }),
    query: (sql, ...values) => query(database, sql, ...values),
  };
}

/** Reads rows by a connection of its own. */
export function query<Row>(database: string, sql: string, ...values: unknown[]): Row[] {
  const connection = openDatabase(database, { readonly: true });
  try {
    return readRows<Row>(connection, sql, values);
  } finally {
    connection.close();
  }
}

/** SQL: the sums of the counters of responses or buckets, named as those of the API's ledger. */
export const SUMS = `sum(input_tokens) AS input, sum(cached_input_tokens) AS cached, sum(cache_write_tokens) AS cacheWrite,
  sum(output_tokens) AS output, sum(reasoning_tokens) AS reasoning`;

/** The environment in which a command imports the history. */
export function environmentOf({ home, database }: History): NodeJS.ProcessEnv {
  return { ...process.env, CODEX_HOME: home, CODEX_METERED_DB: database, HOME: home };
}

/** A runner's directory, of the running test alone. */
export interface Runner {
  readonly directory: string;
  /** Writes the files that a runner kept of one invocation. Each is a text that was written at `writtenMs`, or a text and when, in ms since the runner's start. */
  keep(
    place: string,
    files: Record<string, string | readonly [text: string, writtenMs: number]>,
    writtenMs?: number,
  ): void;
  /** Backfills the directory into a database, and returns how many invocations had which outcome. */
  backfill(database: string): Promise<Partial<Record<BackfillOutcome, number>>>;
}

export function createRunner(startMs: number): Runner {
  const directory = createFolder();
  return {
    directory,
    keep(place, files, writtenMs = 60_000) {
      for (const [name, file] of Object.entries(files)) {
        const [text, atMs] = typeof file === 'string' ? [file, writtenMs] : file;
        const path = join(directory, ...place.split('/'), name);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, text);
        utimesSync(path, (startMs + atMs) / 1000, (startMs + atMs) / 1000);
      }
    },
    async backfill(database) {
      const { byOutcome } = await backfillRuns({ database, directory, projectId: 'shop' });
      return Object.fromEntries(Object.entries(byOutcome).filter(([, count]) => count > 0));
    },
  };
}

export const START = Date.UTC(2026, 2, 4, 5, 6, 7);

/** A thread of Codex and a turn of it, the name of its session file, and the lines with which that begins. */
export const THREAD = '01a20134-5175-7ba0-a3a5-e64a7c34143c';
export const TURN = '01a20134-5194-76b1-8ed0-2db832dc4713';
export const FILE = `rollout-2026-03-04T05-06-07-${THREAD}.jsonl`;
export const BEGIN: readonly object[] = begin(THREAD);
export const USED = { input: 500, cachedInput: 20, output: 31, reasoning: 3 };

export function begin(thread: string, header: object = {}): object[] {
  return [rollout.header(thread, header), rollout.turnStarted(TURN), rollout.turnContext(TURN)];
}

/** The line of a response of that turn. */
export function record(key: string, usage: object = USED): object {
  return rollout.usageRecord(THREAD, TURN, key, usage);
}

/** Encodes lines of a session file, whose times are a second apart. */
export function encodeLines(lines: readonly object[], fromMs = START): string {
  return lines
    .map((line, index) => `${JSON.stringify({ ...line, timestamp: new Date(fromMs + index * 1000).toISOString() })}\n`)
    .join('');
}
