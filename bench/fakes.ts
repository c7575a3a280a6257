import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const THREAD_ID = '0199a213-81c0-7800-8aa1-bbab2a035a53';

/** The first lines and the last one of a run of `codex exec --json`. */
export const FIRST_LINES = [{ type: 'thread.started', thread_id: THREAD_ID }, { type: 'turn.started' }];
export const LAST_LINE = {
  type: 'turn.completed',
  usage: { input_tokens: 24_763, cached_input_tokens: 24_448, output_tokens: 122, reasoning_output_tokens: 64 },
};
const RECORD = { thread_id: THREAD_ID, turn_id: 't', root_turn_id: 't', usage: LAST_LINE.usage };
const ANSWER = { type: 'item.completed', item: { id: 'item_0', type: 'agent_message', text: 'Done.' } };

/** A Codex that does nothing and is done at once. */
export function makeSilentFake(folder: string): string {
  return makeScript(folder, 'silent', 'exit 0');
}

/**
 * A Codex that writes what a run with one answer writes, at once: its events, and its session file below `CODEX_HOME`.
 */
export function makeTalkingFake(folder: string): string {
  const events = encodeLines([...FIRST_LINES, ANSWER, LAST_LINE]);
  const at = { timestamp: '$now' };
  const session = encodeLines([
    {
      ...at,
      type: 'session_meta',
      payload: { id: THREAD_ID, session_id: THREAD_ID, cli_version: '0.169.0', cwd: '/' },
    },
    { ...at, type: 'turn_context', payload: { turn_id: 't', model: 'gpt-5.3-codex' } },
    { ...at, type: 'token_usage_record', payload: { ...RECORD, response_id: 'resp_$$' } },
  ]).replaceAll('"', '\\"');
  const body = [
    'now=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)',
    'day="$CODEX_HOME/sessions/$(date +%Y/%m/%d)"',
    'mkdir -p "$day"',
    `printf %s "${session}" > "$day/rollout-one-${THREAD_ID}.jsonl"`,
    `printf %s '${events}'`,
  ];
  return makeScript(folder, 'talking', body.join('\n'));
}

/** A Codex that writes the files `paths`, one after the other, as fast as its reader takes them. */
export function makeWritingFake(folder: string, name: string, paths: readonly string[]): string {
  return makeScript(folder, name, `exec cat ${paths.map((path) => `'${path}'`).join(' ')}`);
}

export function encodeLines(events: readonly object[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('');
}

function makeScript(folder: string, name: string, body: string): string {
  const path = join(folder, `codex-${name}`);
  writeFileSync(path, `#!/bin/sh\n${body}\n`, { mode: 0o755 });
  return path;
}
