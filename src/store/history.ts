import type { Provider } from '../usage/provider.js';
import type { Tag } from '../usage/tags.js';
import { assignThreads } from './assignment/assign.js';
import { createBucketSums } from './buckets.js';
import { createResponseInsert, type FoundResponses } from './history-responses.js';
import { type Connection, explainingFaults, type OpenOptions, openConnection } from './open.js';
import { createCopyInsert, createRunInsert, type HeldCopy, type SessionRun, sessionOf } from './session-runs.js';
import { type BillResponse, createSessionSettlement } from './session-totals.js';
import { createThreadTagInsert } from './tags.js';

/** A thread of an imported session file. Its project is that of the responses that no invocation has. */
export interface HistoryThread {
  readonly id: string;
  readonly provider: Provider;
  readonly rootId: string;
  readonly projectId: string;
  readonly kind: string;
  readonly cwd: string | undefined;
  readonly cliVersion: string | undefined;
  readonly startedAtMs: number;
  /** What the session file says of the work tree. Nothing when absent. */
  readonly tags?: readonly Tag[];
}

/** A session file, and how far it was read. */
export interface HistoryFile {
  readonly path: string;
  readonly provider: Provider;
  readonly threadId: string | null;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
  readonly readBytes: number;
  /** JSON, for its reader. */
  readonly state: string | null;
  readonly responses: number;
  readonly unreadableLines: number;
  readonly problem: string | null;
  /** Claude Code: the least number of responses whose usage is in no file. 0 when absent. */
  readonly responsesWithoutUsage?: number;
}

/** What was found in a file, or in the next part of one. It is recorded whole or not at all. */
export interface FileImport extends FoundResponses {
  readonly file: HistoryFile;
  readonly threads: readonly HistoryThread[];
  /** Claude Code only: runs with their totals, and copies of messages of other sessions. */
  readonly runs?: readonly SessionRun[];
  readonly copies?: readonly HeldCopy[];
}

/** Records what imports find, by the ten thousand responses. Every method throws a StoreError. */
export interface HistoryStore {
  /** Records `imports` in one transaction. Returns how many responses were new: the others had been recorded before. */
  write(imports: readonly FileImport[]): number;
  close(): void;
}

/** How long an import waits for others: they write for milliseconds at a time. */
export const PATIENCE_MS = 30_000;
const CACHE_KB = 32_000;

/** Opens the database at `path`, and creates it where there is none. Throws a StoreError. */
export function openHistoryStore(
  path: string,
  { bill, ...patience }: Pick<OpenOptions, 'busyTimeoutMs'> & { readonly bill: BillResponse },
): HistoryStore {
  const connection = openConnection(path, { mode: 'write', ...patience });
  connection.pragma(`cache_size = -${CACHE_KB}`);
  const write = connection.transaction(createWriter(connection, bill));
  return {
    write: (imports) => explainingFaults(path, () => write.immediate(imports)),
    close: () => connection.close(),
  };
}

/** By which a changed file is recognised, and what was wrong with the file when it was read. */
export type FileVersion = readonly [path: string, sizeBytes: number, modifiedAtMs: number, problem: string | null];

/** The files that were imported. */
export interface ImportedFiles {
  /** In the order of their paths. */
  readonly versions: readonly FileVersion[];
  /** All that is known of one of them. */
  find(path: string): HistoryFile | undefined;
}

/**
 * Calls `read` with the files that were imported. A report asks this before every table, and mostly nothing has changed: so
 * nothing is prepared for writing, and of thousands of files only their versions are loaded. Throws a StoreError.
 */
export function readImportedFiles<T>(path: string, read: (files: ImportedFiles) => T): T {
  const connection = openConnection(path, { mode: 'write', busyTimeoutMs: PATIENCE_MS });
  try {
    return explainingFaults(path, () => {
      const versions = connection.prepare<[], FileVersion>(READ_VERSIONS).raw().all();
      const file = connection.prepare<[string], HistoryFile>(READ_FILE);
      return read({ versions, find: (name) => file.get(name) });
    });
  } finally {
    connection.close();
  }
}

function createWriter(connection: Connection, bill: BillResponse): (imports: readonly FileImport[]) => number {
  const putFile = connection.prepare<unknown[]>(PUT_FILE);
  const putThread = connection.prepare<unknown[]>(PUT_THREAD);
  const putTags = createThreadTagInsert(connection);
  const beginSums = createBucketSums(connection);
  const insert = createResponseInsert(connection);
  const listUnassigned = connection.prepare<[string], number>(TIMES_OF_UNASSIGNED).pluck();
  const putRun = createRunInsert(connection);
  const putCopy = createCopyInsert(connection);
  const settleSessions = createSessionSettlement(connection, bill);
  return (imports) => {
    const now = Date.now();
    const sums = beginSums();
    const grown: string[] = [];
    let added = 0;
    for (const found of imports) {
      const { file, threads, packs } = found;
      for (const thread of threads) {
        putTags({ threadId: thread.id, tags: thread.tags ?? [], writtenAtMs: thread.startedAtMs });
        if (putThread.run(...toThreadRow(thread)).changes === 0) continue;
        // The responses that were recorded before go over to another project, and maybe to an invocation.
        const times = listUnassigned.all(thread.id);
        for (const atMs of times) sums.renew(atMs);
        if (times.length > 0) grown.push(thread.id);
      }
      const fresh = insert(found, now, sums);
      for (const run of found.runs ?? []) putRun(run);
      for (const copy of found.copies ?? []) putCopy(copy);
      added += fresh;
      putFile.run(...toFileRow(file), now);
      if (fresh > 0) for (const { threadId } of packs) grown.push(threadId);
    }
    for (const atMs of assignThreads(connection, grown, null).atMs) sums.renew(atMs);
    settleSessions(listSessions(imports), now, sums);
    sums.write();
    return added;
  };
}

/** The sessions of Claude Code for which something was found. */
function listSessions(imports: readonly FileImport[]): Set<string> {
  const ofClaude = imports.filter(({ file }) => file.provider === 'claude');
  return new Set(
    ofClaude.flatMap(({ responses, runs = [], copies = [] }) => [
      ...responses.map(({ response }) => sessionOf(response.threadId)),
      ...[...runs, ...copies].map(({ sessionId }) => sessionId),
    ]),
  );
}

const READ_VERSIONS = 'SELECT path, size_bytes, modified_at_ms, problem FROM history_files ORDER BY path';

const READ_FILE = `
  SELECT path, provider, thread_id AS threadId, size_bytes AS sizeBytes, modified_at_ms AS modifiedAtMs,
    read_bytes AS readBytes, state, responses, unreadable_lines AS unreadableLines, problem, untold_responses AS responsesWithoutUsage
  FROM history_files WHERE path = ?`;

const PUT_FILE = `
  INSERT OR REPLACE INTO history_files (path, provider, thread_id, size_bytes, modified_at_ms, read_bytes, state,
    responses, unreadable_lines, problem, untold_responses, imported_at_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

// What was recorded first stays, unless it came without a header or a directory and the new one has more. A thread of several
// pages began with the earliest of their headers, in whatever order they are read.
const HAS_MORE = `threads.cwd IS NULL AND (excluded.cwd IS NOT NULL
  OR (threads.cli_version IS NULL AND excluded.cli_version IS NOT NULL))`;
const REPLACED = ['root_id', 'project_id', 'kind', 'cwd', 'cli_version'];
const PUT_THREAD = `
  INSERT INTO threads (id, provider, root_id, project_id, kind, cwd, cli_version, started_at_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (id) DO UPDATE SET
    ${REPLACED.map((column) => `${column} = iif(${HAS_MORE}, excluded.${column}, threads.${column})`).join(', ')},
    started_at_ms = iif(${HAS_MORE}, excluded.started_at_ms, min(threads.started_at_ms, excluded.started_at_ms))
  WHERE ${HAS_MORE} OR excluded.started_at_ms < threads.started_at_ms`;

const TIMES_OF_UNASSIGNED = 'SELECT completed_at_ms FROM responses WHERE thread_id = ? AND invocation_id IS NULL';

function toThreadRow({
  id,
  provider,
  rootId,
  projectId,
  kind,
  cwd,
  cliVersion,
  startedAtMs,
}: HistoryThread): unknown[] {
  return [id, provider, rootId, projectId, kind, cwd ?? null, cliVersion ?? null, startedAtMs];
}

function toFileRow(file: HistoryFile): unknown[] {
  const { path, provider, threadId, sizeBytes, modifiedAtMs, readBytes, state, responses } = file;
  const { unreadableLines, problem, responsesWithoutUsage = 0 } = file;
  const version = [path, provider, threadId, sizeBytes, modifiedAtMs, readBytes, state];
  return [...version, responses, unreadableLines, problem, responsesWithoutUsage];
}
