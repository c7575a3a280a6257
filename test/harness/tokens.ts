import { get_encoding, type Tiktoken } from 'tiktoken';
import type { ReceivedRequest } from '../scripted-api/ledger.js';

let encoding: Tiktoken | undefined;

/** The o200k tokens of a request: instructions, the JSON of the tools, and every text of its items. */
export function countRequest({ body }: ReceivedRequest): number {
  const items = body.input as Record<string, unknown>[];
  return count([body.instructions, body.tools && JSON.stringify(body.tools), ...items.flatMap(textsOf)]);
}

/** The o200k tokens of what it was answered with. */
export function countAnswer({ answer }: ReceivedRequest): number {
  return count(answer.flatMap(textsOf));
}

/** Texts of messages and summaries, names and arguments of calls, what tools answered. */
function textsOf({ content, summary, tools, name, arguments: given, output }: Record<string, unknown>): unknown[] {
  const parts = [content, summary].flatMap((list) => (Array.isArray(list) ? (list as { text?: string }[]) : []));
  return [...parts.map(({ text }) => text), tools && JSON.stringify(tools), name, given, output];
}

function count(texts: unknown[]): number {
  encoding ??= get_encoding('o200k_base');
  let tokens = 0;
  for (const text of texts) if (typeof text === 'string') tokens += encoding.encode(text, [], []).length;
  return tokens;
}
