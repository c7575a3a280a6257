/**
 * Which lines of Codex's output tell something of what it used or how it was served. A test of a line's first bytes, because
 * it is made while Codex waits: what the lines say is read elsewhere, by `events.ts` and `human.ts`. Answers, tool
 * output and prompts tell nothing, and go no further.
 */
export type Sifted = 'tells' | 'unreadable' | 'irrelevant';

const HEAD_BYTES = 80;
const EVENT = /^\{"type":"(?:thread\.|turn\.|error")/;
/** An error alone may be a remark; every other item is content. */
const ERROR_ITEM = /^\{"type":"item\.completed","item":\{"id":"[^"]{1,20}","type":"error"/;
/** The stream's form before 0.44. */
const SESSION_CONFIGURED = '"msg":{"type":"session_configured"';

/** Sifts a line of the `--json` stream by its `head`: the first 80 bytes of it, or all. `unreadable`: it is no JSON object. */
export function siftEvent(head: Buffer): Sifted {
  const start = head.toString('latin1', 0, HEAD_BYTES);
  if (EVENT.test(start) || ERROR_ITEM.test(start) || start.includes(SESSION_CONFIGURED)) return 'tells';
  return start.trimStart().startsWith('{') ? 'irrelevant' : 'unreadable';
}

/**
 * The lines of the human-readable output that human.ts reads: what each begins with, and a line that is a figure alone, as the
 * total at the end is.
 */
const TRANSCRIPT =
  /^(?:model: |session id: |thread id: |tokens used|ERROR: Reconnecting|warning: |model rerouted: |Configured service tier |[\d,]+\s*$)/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character starts a colour code
const COLOUR = /\u001b\[[\d;]*m/g;

/** Sifts a line of the human-readable output on stderr by its `head`: the first 80 bytes of it, or all. */
export function siftTranscriptLine(head: Buffer): Sifted {
  const start = head.toString('latin1', 0, HEAD_BYTES).replaceAll(COLOUR, '');
  return TRANSCRIPT.test(start) ? 'tells' : 'irrelevant';
}
