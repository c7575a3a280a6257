import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { type BilledResponse, FIXTURES } from '../harness/fixtures.js';
import type { Workbench } from '../harness/workbench.js';
import type { LedgerEntry } from '../scripted-api/ledger.js';
import type { Played } from './way.js';

/** The fields of other lines that are recorded, at any depth: they say who and when. No texts are among them. */
const KEPT = new Set([
  ...['timestamp', 'ordinal', 'type', 'payload', 'id', 'session_id', 'thread_id', 'turn_id', 'root_turn_id'],
  ...['response_id', 'parent_thread_id', 'forked_from_id', 'forked_from_ordinal_exclusive', 'history_mode'],
  ...['history_base', 'end_ordinal_exclusive', 'end_byte_offset', 'originator', 'cli_version'],
  ...['source', 'subagent', 'thread_spawn', 'depth', 'thread_source', 'model_provider', 'model', 'role'],
  ...['thread_settings', 'service_tier'],
]);
/** Lines with counts. They hold no text and are recorded as they are. */
const KEPT_WHOLE = new Set(['token_usage_record', 'token_count']);
/** Lines that take much room and say nothing of usage. */
const DROPPED = new Set(['world_state', 'item_completed', 'user_message', 'agent_message', 'agent_reasoning']);

export interface Recording {
  readonly version: string;
  /** The folder below the version's. */
  readonly name: string;
  readonly bench: Workbench;
  readonly run: Played;
  /** When the run began; what stands in the files before is history. */
  readonly startedAtMs: number;
}

/** Keeps the session files of a run, without their texts, and beside them what the API billed for it. */
export function writeFixture({ version, name, bench, run, startedAtMs }: Recording): void {
  const folder = join(FIXTURES, version, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const sessions = join(bench.codexHome, 'sessions');
  const files = readdirSync(sessions, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.jsonl'));
  for (const path of files) {
    const lines = readFileSync(join(sessions, path), 'utf8').trimEnd().split('\n');
    writeFileSync(join(folder, basename(path)), `${lines.flatMap(withoutTexts).join('\n')}\n`);
  }
  const origin = `Recorded with @openai/codex@${version} from npm against the scripted API, texts cut out: npm run test:matrix -- --fixtures`;
  const earlier = bench.api.ledger.slice(0, -run.ledger.length).map(toBilled);
  const last = run.ledger.map(toBilled);
  writeFileSync(join(folder, 'billed.json'), `${JSON.stringify({ origin, startedAtMs, earlier, last }, null, 2)}\n`);
}

function toBilled({ threadId, model, usage }: LedgerEntry): BilledResponse {
  const { input = 0, cached = 0, cacheWrite = 0, output = 0, reasoning = 0 } = usage ?? {};
  return { threadId, model, input, cached, cacheWrite, output, reasoning };
}

function withoutTexts(line: string): string[] {
  const record = JSON.parse(line) as { type: string; payload?: { type?: string } };
  const types = [record.type, String(record.payload?.type)];
  if (types.some((type) => KEPT_WHOLE.has(type))) return [line];
  if (types.some((type) => DROPPED.has(type))) return [];
  return [JSON.stringify(record, (key, value) => (key === '' || KEPT.has(key) ? value : undefined))];
}
