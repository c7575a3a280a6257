import { readFileSync } from 'node:fs';
import { listSessionFiles } from '../session-files.js';
import type { NameList } from './name-list.js';

type Json = Readonly<Record<string, unknown>>;

/** How deep keys are named; below are the contents of tools and messages. */
const DEPTH = 4;
/** Records whose payload holds whatever the model, a tool or the machine said: only the first keys are Codex's. */
const SHALLOW = new Set(['world_state', 'response_item']);
const NAME = /^[a-z][A-Za-z0-9_]*$/;

/** Names the records of session files and their keys: `event_msg.token_count`, `event_msg.token_count: info.rate_limits`. */
export function nameSessionLines(names: NameList, homes: readonly string[]): void {
  for (const path of listSessionFiles(homes)) {
    for (const record of parseLines(readFileSync(path, 'utf8'))) {
      const payload = (record.payload ?? {}) as Json;
      const kind = [record.type, payload.type].filter((part) => typeof part === 'string').join('.');
      names.add('session records', kind);
      const depth = SHALLOW.has(String(record.type)) ? 1 : DEPTH;
      for (const key of keysOf(payload, depth)) names.add('keys of session records', `${kind}: ${key}`);
      for (const key of Object.keys(record)) names.add('keys of session lines', key);
    }
  }
}

/** Names the events of `--json` and their keys: `item.completed.command_execution: item.exit_code`. */
export function nameEvents(names: NameList, output: string): void {
  for (const event of parseLines(output)) {
    if (typeof event.type !== 'string') continue;
    const item = (event.item ?? {}) as Json;
    const kind = [event.type, item.type].filter((part) => typeof part === 'string').join('.');
    names.add('events of --json', kind);
    for (const key of keysOf(event, DEPTH)) names.add('keys of events of --json', `${kind}: ${key}`);
  }
}

/** Lines that are no JSON, such as those of the human mode, are none of these names. */
function parseLines(text: string): Json[] {
  return text.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return [];
    try {
      return [JSON.parse(line) as Json];
    } catch {
      return [];
    }
  });
}

/** The keys of `value` and of what is in it, as paths. An object whose keys are data (paths, ids) has none. */
function keysOf(value: unknown, depth: number): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => keysOf(one, depth));
  if (typeof value !== 'object' || value === null || depth === 0) return [];
  const entries = Object.entries(value);
  if (!entries.every(([key]) => NAME.test(key))) return [];
  return entries.flatMap(([key, inner]) => [key, ...keysOf(inner, depth - 1).map((below) => `${key}.${below}`)]);
}
