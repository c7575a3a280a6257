/**
 * Whether a line of Codex's output says something about usage or about how a request was served. This is decided by the
 * line's first bytes, because Codex waits meanwhile; `events.ts` and `human.ts` read what the line says. Answers, tool output and
 * prompts are irrelevant and go no further.
 */
export type Filtered = 'relevant' | 'unreadable' | 'irrelevant';

const HEAD_BYTES = 80;
const EVENT = /^\{"type":"(?:thread\.|turn\.|error")/;
/** An error item may be a warning of Codex; every other item is content. */
const ERROR_ITEM = /^\{"type":"item\.completed","item":\{"id":"[^"]{1,20}","type":"error"/;
/** The format of the stream before 0.44. */
const SESSION_CONFIGURED = '"msg":{"type":"session_configured"';

/** Filters a line of the `--json` stream by its first 80 bytes, or all. `unreadable`: it is no JSON object. */
export function filterEvent(head: Buffer): Filtered {
  const start = head.toString('latin1', 0, HEAD_BYTES);
  if (EVENT.test(start) || ERROR_ITEM.test(start) || start.includes(SESSION_CONFIGURED)) return 'relevant';
  return start.trimStart().startsWith('{') ? 'irrelevant' : 'unreadable';
}

/**
 * How the lines begin that `human.ts` reads. A line that consists of a figure may be the total at the end.
 */
const PRINTED =
  /^(?:model: |session id: |thread id: |tokens used|ERROR: Reconnecting|warning: |model rerouted: |Configured service tier |[\d,]+\s*$)/;

/** Filters a line of the human-readable output on stderr by its first 80 bytes, or all. */
export function filterPrintedLine(head: Buffer): Filtered {
  const start = withoutColours(head.toString('latin1', 0, HEAD_BYTES));
  return PRINTED.test(start) ? 'relevant' : 'irrelevant';
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character starts a colour code
const COLOUR = /\u001b\[[\d;]*m/g;

export function withoutColours(line: string): string {
  return line.replaceAll(COLOUR, '');
}
