import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The first lines and the last one of a run of `codex exec --json`. */
export const FIRST_LINES = [
  { type: 'thread.started', thread_id: '0199a213-81c0-7800-8aa1-bbab2a035a53' },
  { type: 'turn.started' },
];
export const LAST_LINE = {
  type: 'turn.completed',
  usage: { input_tokens: 24_763, cached_input_tokens: 24_448, output_tokens: 122, reasoning_output_tokens: 64 },
};
const ANSWER = { type: 'item.completed', item: { id: 'item_0', type: 'agent_message', text: 'Done.' } };

/** A Codex that does nothing and is done at once. */
export function makeSilentFake(folder: string): string {
  return makeScript(folder, 'silent', 'exit 0');
}

/** A Codex that writes what a run with one answer writes, at once. */
export function makeTalkingFake(folder: string): string {
  const lines = encodeLines([...FIRST_LINES, ANSWER, LAST_LINE]);
  return makeScript(folder, 'talking', `printf %s '${lines}'`);
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
