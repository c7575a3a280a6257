import { HEAD_LENGTH, isSilent, parseSpokenLine, type RolloutRecord } from './codex-rollout.js';
import { IRRELEVANT, type Irrelevant, type Unrecognised } from './line.js';

/** True when a line of a session file, which begins at `start`, says nothing of usage: what stands of it by `end` is enough. */
export function isSilentAt(bytes: Buffer, start: number, end: number): boolean {
  return isSilent(bytes.toString('latin1', start, Math.min(end, start + HEAD_LENGTH)));
}

/**
 * Parses the line from `start` to `end`: the same as `parseRolloutLine`, without making text of what is long. Never throws.
 * `silence`: whether it may be one that says nothing of usage.
 */
export function parseRolloutBytes(
  bytes: Buffer,
  start: number,
  end: number,
  silence: 'possible' | 'none' = 'possible',
): RolloutRecord | Irrelevant | Unrecognised {
  if (silence === 'possible' && isSilentAt(bytes, start, end)) return IRRELEVANT;
  return parseSpokenLine(decodeBrief(bytes, start, end));
}

/** A line as text, without the text of Codex's own instructions: it is most of a header, 20 kB, and says nothing here. */
function decodeBrief(bytes: Buffer, start: number, end: number): string {
  const line = bytes.subarray(start, end);
  // A quote within a text has a backslash before it: where this stands, it is a key.
  const key = line.length > LONG_LINE ? line.indexOf(INSTRUCTIONS) : -1;
  if (key === -1) return line.toString('utf8');
  const from = key + INSTRUCTIONS.length;
  const to = findClosingQuote(line, from);
  return to === -1 ? line.toString('utf8') : line.toString('utf8', 0, from) + line.toString('utf8', to);
}

function findClosingQuote(bytes: Buffer, from: number): number {
  let at = bytes.indexOf(QUOTE, from);
  while (at !== -1 && isEscaped(bytes, at)) at = bytes.indexOf(QUOTE, at + 1);
  return at;
}

/** Whether an odd number of backslashes stands before `at`. */
function isEscaped(bytes: Buffer, at: number): boolean {
  let before = at;
  while (bytes[before - 1] === BACKSLASH) before--;
  return (at - before) % 2 === 1;
}

const QUOTE = '"'.charCodeAt(0);
const BACKSLASH = '\\'.charCodeAt(0);
const INSTRUCTIONS = Buffer.from('"base_instructions":{"text":"');
const LONG_LINE = 2000;
