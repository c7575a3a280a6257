import { appendFileSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { importHistory } from '../../src/history/import.js';
import { createFolder } from '../store/samples.js';
import { createHistory, type History } from './sessions.js';

/*
 * A family of sessions of Claude Code 2.1.332, recorded against a scripted API and without their texts: one with a
 * sub-agent that is compacted and resumed, a fork of it that is compacted too, a fork of that, and the first resumed again.
 */

const FOLDER = fileURLToPath(new URL('./claude-family', import.meta.url));
const TRANSCRIPTS = join(FOLDER, 'transcripts');

/** What the API billed, a message an entry. */
export interface Billed {
  readonly model: string;
  readonly input: number;
  readonly cacheRead: number;
  readonly cacheWrite: number;
  readonly cacheWrite1h: number;
  readonly output: number;
}

export const LEDGER: readonly Billed[] = JSON.parse(readFileSync(join(FOLDER, 'ledger.json'), 'utf8'));

/** The lines of a transcript, by the path of its file. */
export type Transcripts = ReadonlyMap<string, readonly string[]>;

export function readFamily(): Transcripts {
  const names = readdirSync(TRANSCRIPTS, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = names.map(({ parentPath, name }) => relative(TRANSCRIPTS, join(parentPath, name))).sort();
  return new Map(paths.map((path) => [path, readFileSync(join(TRANSCRIPTS, path), 'utf8').trimEnd().split('\n')]));
}

/** A home of Claude Code whose transcripts are written piece by piece, and a database. */
export function createClaudeHome(): Pick<History, 'query' | 'import' | 'database'> & {
  append(path: string, text: string): string;
} {
  const { database, query } = createHistory();
  const home = createFolder();
  return {
    database,
    query,
    import: () => importHistory({ database, homes: { codex: [], claude: [home] } }),
    append(path, text) {
      const file = join(home, 'projects', 'shop', path);
      mkdirSync(dirname(file), { recursive: true });
      appendFileSync(file, text);
      return file;
    },
  };
}

/** All that is recorded, but when it was. */
export const ALL_RECORDED = `
  SELECT thread_id, response_key, model, service_tier, input_tokens, cached_input_tokens, cache_write_tokens,
    cache_write_1h_tokens, output_tokens, reasoning_tokens, evidence, source, cost_nano_usd, price, completed_at_ms, fees,
    cost_extent FROM responses ORDER BY response_key`;

export const TOTALS = `
  SELECT model, sum(input_tokens) AS input, sum(cached_input_tokens) AS cacheRead, sum(cache_write_tokens) AS cacheWrite,
    sum(cache_write_1h_tokens) AS cacheWrite1h, sum(output_tokens) AS output FROM responses GROUP BY model`;

/** The same of the buckets that reports are made of. */
export const BUCKET_TOTALS = `
  SELECT model, sum(input_tokens) AS input, sum(output_tokens) AS output, sum(cost_nano_usd) AS cost FROM buckets GROUP BY model`;

/** What `TOTALS` must say of the family. */
export function sumLedger(ledger: readonly Billed[] = LEDGER): object {
  const sum = (pick: (billed: Billed) => number) => ledger.reduce((total, billed) => total + pick(billed), 0);
  return {
    model: ledger[0]?.model,
    input: sum(({ input, cacheRead, cacheWrite }) => input + cacheRead + cacheWrite),
    cacheRead: sum(({ cacheRead }) => cacheRead),
    cacheWrite: sum(({ cacheWrite }) => cacheWrite),
    cacheWrite1h: sum(({ cacheWrite1h }) => cacheWrite1h),
    output: sum(({ output }) => output),
  };
}

export const SESSION = '5e55105e-0000-4000-8000-000000000001';
export const OTHER = '5e55105e-0000-4000-8000-000000000002';

/** What an answer has that others do not have. */
interface Written {
  readonly id?: string | null;
  readonly model?: string;
  readonly second?: number;
  readonly sessionId?: string;
  readonly usage?: Record<string, unknown>;
  readonly line?: Record<string, unknown>;
}

/** A line of an answer, as Claude Code writes it. */
export function answer({ id = 'msg_1', sessionId = SESSION, second = 1, ...more }: Written): string {
  const { model = 'claude-opus-5', usage, line } = more;
  const timestamp = new Date(Date.UTC(2026, 9, 1, 12, 0, second)).toISOString();
  const counts = { input_tokens: 1000, output_tokens: 100, service_tier: 'standard', ...usage };
  const message = { id, role: 'assistant', model, content: [], usage: counts };
  return `${JSON.stringify({ type: 'assistant', sessionId, timestamp, cwd: '/home/user/shop', message, ...line })}\n`;
}
