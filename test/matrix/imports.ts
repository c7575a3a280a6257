import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { type RecordedResponse, readBucketSums, readResponses } from '../harness/record.js';
import { USAGE, type Workbench } from '../harness/workbench.js';
import { type LedgerEntry, sumLedger } from '../scripted-api/ledger.js';
import { listThreads } from './session-files.js';
import { compare, judge, type Verdict, withoutCounted } from './verdict.js';
import type { Played, Way } from './way.js';

/** What was played on one workbench: the live record is in its database, or pending. */
export interface Scene {
  readonly bench: Workbench;
  readonly way: Way;
  readonly runs: readonly Played[];
}

/** How the session files' import met the live record. */
export type Meeting = 'alone' | 'after' | 'before';

export interface ImportVerdict extends Verdict {
  readonly meeting: Meeting;
}

/** The homes in which Codex has kept sessions here: a server of `exec --remote` may have one of its own. */
export function homesOf({ codexHome, folder }: Workbench): string[] {
  return [codexHome, join(folder, 'other-codex-home')];
}

/**
 * Imports the session files into an empty database, and then into the one that holds the live record, each twice, and
 * compares all that is recorded afterwards with the ledger.
 */
export async function judgeImportsAfter(scene: Scene): Promise<ImportVerdict[]> {
  const { bench, way, runs } = scene;
  const empty = join(bench.folder, 'alone', 'usage.db');
  const alone = await importTwice(bench, empty);
  const untold = estimatedIn(bench, runs);
  const after = await importTwice(bench, bench.database);
  const billed = expectedOf(scene);
  const filed = billed.filter((entry) => hasFile(bench, entry) && !untold.includes(entry));
  return [
    { meeting: 'alone', ...judgeAlone(scene, filed, alone) },
    { meeting: 'after', ...judgeTogether(scene, billed, after, judge(bench, runs, way)) },
  ];
}

/**
 * The same where the import came first. What was metered on this workbench is pending (see `keepRecordsAside`); it
 * is taken in after the first import, and then the files are imported once more.
 */
export async function judgeImportBefore(scene: Scene): Promise<ImportVerdict> {
  const { bench } = scene;
  // With a state folder of its own this command does not find what is pending.
  await importSessions(bench, { CODEX_METERED_STATE_DIR: join(bench.folder, 'other-state') });
  const rows = await importTwice(bench, bench.database);
  const { way, runs } = scene;
  return { meeting: 'before', ...judgeTogether(scene, expectedOf(scene), rows, judge(bench, runs, way)) };
}

/** Runs on this workbench find no database until it is undone: what they record stays pending. */
export function keepRecordsAside({ env, codexHome, database }: Workbench): () => void {
  // A file cannot be a folder.
  env.CODEX_METERED_DB = join(codexHome, 'config.toml', 'usage.db');
  return () => {
    env.CODEX_METERED_DB = database;
  };
}

interface Imported {
  readonly rows: readonly RecordedResponse[];
  /** Whether the second import left everything as it was. */
  readonly isStable: boolean;
  /** Whether the sums that reports read are those of the responses. */
  readonly addsUp: boolean;
}

async function importTwice(bench: Workbench, database: string): Promise<Imported> {
  await importSessions(bench, { CODEX_METERED_DB: database });
  // Where there is no session file, an import makes no database.
  if (!existsSync(database)) return { rows: [], isStable: true, addsUp: true };
  const rows = readResponses(database);
  await importSessions(bench, { CODEX_METERED_DB: database });
  const sums = readBucketSums(database);
  const sum = (of: keyof typeof sums) => rows.reduce((total, row) => total + row[of], 0);
  return {
    rows,
    isStable: JSON.stringify(readResponses(database)) === JSON.stringify(rows),
    addsUp: (Object.keys(sums) as (keyof typeof sums)[]).every((name) => sums[name] === sum(name)),
  };
}

async function importSessions(bench: Workbench, env: Readonly<Record<string, string>>): Promise<void> {
  await execa(process.execPath, [USAGE, 'import', '--provider', 'codex', '--json'], {
    cwd: bench.workTree,
    extendEnv: false,
    env: { ...bench.env, CODEX_HOME: homesOf(bench).join(','), ...env } as Record<string, string>,
  });
}

/** All that the API reported to what was judged, and of any other thread that has a session file. */
export function expectedOf({ bench, runs }: Scene): LedgerEntry[] {
  const judged = new Set(runs.flatMap(({ ledger }) => ledger.map(({ sequence }) => sequence)));
  return bench.api.ledger.filter((entry) => judged.has(entry.sequence) || hasFile(bench, entry));
}

/** Old releases do not say for which thread they ask: they always keep a file. */
function hasFile(bench: Workbench, { threadId }: LedgerEntry): boolean {
  return threadId === undefined || listThreads(homesOf(bench)).has(threadId);
}

/** What the live record holds as an estimate, because no session file has it. */
function estimatedIn(bench: Workbench, runs: readonly Played[]): LedgerEntry[] {
  const rows = readResponses(bench.database);
  if (!rows.some(({ source }) => source === 'estimated')) return [];
  const actual = rows.filter(({ source }) => source === 'actual');
  const ledger = runs.flatMap((run) => run.ledger);
  return withoutCounted(ledger, actual) ?? [];
}

function judgeAlone({ bench, way }: Scene, filed: readonly LedgerEntry[], { rows, ...checks }: Imported): Verdict {
  const fault = faultOf(checks);
  if (fault) return fault;
  const verdict = compare(bench, filed, rows, way);
  if (verdict.good || !way.losesRows) return verdict;
  const most = sumLedger(filed).input;
  return { ...verdict, good: rows.length < filed.length && rows.reduce((sum, { input }) => sum + input, 0) <= most };
}

/** The whole database against the ledger, and the runs once more: an import must not take away what is theirs. */
function judgeTogether(
  { bench, way }: Scene,
  billed: readonly LedgerEntry[],
  { rows, ...checks }: Imported,
  live: Verdict,
): Verdict {
  const fault = faultOf(checks);
  if (fault) return fault;
  const whole = compare(bench, billed, rows, way);
  return whole.good ? live : whole;
}

function faultOf({ isStable, addsUp }: Pick<Imported, 'isStable' | 'addsUp'>): Verdict | undefined {
  if (!isStable) return { text: 'a second import changes it', good: false };
  return addsUp ? undefined : { text: 'the reports’ sums differ from it', good: false };
}
