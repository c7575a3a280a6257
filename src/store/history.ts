import type { PricedResponse } from '../usage/record.js';
import { bucketStartOf, createBucketSums, refreshBuckets } from './buckets.js';
import { type Connection, explainingFaults, openConnection } from './open.js';

/** A thread that was read from history: to whom its responses belong where no invocation says it. */
export interface HistoryThread {
  readonly id: string;
  readonly provider: 'codex' | 'claude';
  readonly rootId: string;
  readonly projectId: string;
  readonly kind: string;
  readonly cwd: string | undefined;
  readonly cliVersion: string | undefined;
  readonly startedAtMs: number;
}

/** How far a file of the history was read. */
export interface HistoryFile {
  readonly path: string;
  readonly provider: 'codex' | 'claude';
  readonly threadId: string | null;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
  readonly readBytes: number;
  /** JSON, for its reader. */
  readonly state: string | null;
  readonly responses: number;
  readonly unreadableLines: number;
  readonly problem: string | null;
}

/** What a file, or the next part of one, has told. It is recorded whole or not at all. */
export interface FileImport {
  readonly file: HistoryFile;
  readonly threads: readonly HistoryThread[];
  readonly responses: readonly PricedResponse[];
}

/** The way into the record for responses by the ten thousand. Every method throws a StoreError. */
export interface HistoryStore {
  readFiles(): Map<string, HistoryFile>;
  /** Records `imports` in one transaction. Returns how many responses were new: the others had been recorded before. */
  write(imports: readonly FileImport[]): number;
  close(): void;
}

/** Others write for milliseconds at a time. */
const BUSY_TIMEOUT_MS = 30_000;

/** Opens the database at `path`, and creates it where there is none. Throws a StoreError. */
export function openHistoryStore(path: string): HistoryStore {
  const connection = openConnection(path, { mode: 'write', busyTimeoutMs: BUSY_TIMEOUT_MS });
  const readFiles = connection.prepare<[], HistoryFile>(READ_FILES);
  const write = connection.transaction(createWriter(connection));
  return {
    readFiles: () => explainingFaults(path, () => new Map(readFiles.all().map((file) => [file.path, file]))),
    write: (imports) => explainingFaults(path, () => write.immediate(imports)),
    close: () => connection.close(),
  };
}

function createWriter(connection: Connection): (imports: readonly FileImport[]) => number {
  const putFile = connection.prepare(PUT_FILE);
  const putThread = connection.prepare(PUT_THREAD);
  const putResponse = connection.prepare(PUT_RESPONSE);
  const growResponse = connection.prepare(GROW_RESPONSE);
  const findProject = connection.prepare<[string], string>('SELECT project_id FROM threads WHERE id = ?').pluck();
  const toJson = createPriceEncoder();
  return (imports) => {
    const now = Date.now();
    const sums = createBucketSums(connection);
    const grown = new Set<number>();
    let added = 0;
    for (const { file, threads, responses } of imports) {
      for (const thread of threads) putThread.run(toThreadRow(thread));
      let threadId: string | undefined;
      let projectId = '';
      for (const response of responses) {
        if (response.threadId !== threadId) {
          threadId = response.threadId;
          projectId = findProject.get(threadId) ?? 'unknown';
        }
        const row = toResponseRow(response, toJson(response.price), now);
        if (putResponse.run(row).changes === 1) {
          added++;
          sums.add(response, projectId);
        } else if (response.provider === 'claude' && growResponse.run(toGrowth(response, toJson)).changes > 0) {
          grown.add(bucketStartOf(response.completedAtMs));
        }
      }
      putFile.run({ ...file, now });
    }
    sums.write();
    refreshBuckets(connection, grown);
    return added;
  };
}

const READ_FILES = `
  SELECT path, provider, thread_id AS threadId, size_bytes AS sizeBytes, modified_at_ms AS modifiedAtMs,
    read_bytes AS readBytes, state, responses, unreadable_lines AS unreadableLines, problem FROM history_files`;

const PUT_FILE = `
  INSERT OR REPLACE INTO history_files (path, provider, thread_id, size_bytes, modified_at_ms, read_bytes, state,
    responses, unreadable_lines, problem, imported_at_ms)
  VALUES (@path, @provider, @threadId, @sizeBytes, @modifiedAtMs, @readBytes, @state,
    @responses, @unreadableLines, @problem, @now)`;

// The first one stays: what its responses were booked under must not change under them.
const PUT_THREAD = `
  INSERT INTO threads (id, provider, root_id, project_id, kind, cwd, cli_version, started_at_ms)
  VALUES (@id, @provider, @rootId, @projectId, @kind, @cwd, @cliVersion, @startedAtMs) ON CONFLICT DO NOTHING`;

function toThreadRow(thread: HistoryThread): object {
  return { ...thread, cwd: thread.cwd ?? null, cliVersion: thread.cliVersion ?? null };
}

// What is there was recorded live, or was read before: it stays as it is, with its invocation.
const PUT_RESPONSE = `
  INSERT INTO responses (provider, thread_id, response_key, turn_id, root_turn_id, model, service_tier, input_tokens,
    cached_input_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens, evidence, source,
    cost_nano_usd, price, completed_at_ms, recorded_at_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`;

function toResponseRow(response: PricedResponse, price: string | null, now: number): unknown[] {
  const { usage } = response;
  return [
    response.provider ?? 'codex',
    response.threadId,
    response.key,
    response.turnId ?? null,
    response.rootTurnId ?? null,
    response.model,
    response.serviceTier ?? null,
    usage.input,
    usage.cachedInput,
    usage.cacheWrite,
    response.cacheWrite1h ?? 0,
    usage.output,
    usage.reasoning,
    response.evidence,
    response.source,
    response.costNanoUsd ?? null,
    price,
    response.completedAtMs,
    now,
  ];
}

// Claude Code writes a message's usage before its end too; the last is the largest.
const GROW_RESPONSE = `
  UPDATE responses SET input_tokens = @input, cached_input_tokens = @cachedInput, cache_write_tokens = @cacheWrite,
    cache_write_1h_tokens = @cacheWrite1h, output_tokens = @output, cost_nano_usd = @costNanoUsd, price = @price
  WHERE provider = 'claude' AND response_key = @key AND output_tokens < @output`;

function toGrowth(response: PricedResponse, toJson: (price: unknown) => string | null): object {
  return {
    ...response.usage,
    key: response.key,
    cacheWrite1h: response.cacheWrite1h ?? 0,
    costNanoUsd: response.costNanoUsd ?? null,
    price: toJson(response.price),
  };
}

/** Prices that are the same are the same object: each is put into words once. */
function createPriceEncoder(): (price: unknown) => string | null {
  const encoded = new Map<unknown, string>();
  return (price) => {
    if (price === undefined) return null;
    const json = encoded.get(price) ?? JSON.stringify(price);
    encoded.set(price, json);
    return json;
  };
}
