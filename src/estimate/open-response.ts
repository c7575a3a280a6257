import type { ContextItem, ItemContent } from '../usage/session-item.js';

/** A response of which the items are being read. */
export interface OpenResponse {
  readonly turnId: string | undefined;
  readonly model: string | undefined;
  /** When its turn began. */
  readonly turnStartedAtMs: number;
  readonly sequence: number | undefined;
  /** What it was given: the first `contextLength` of these. */
  readonly context: readonly ContextItem[];
  readonly contextLength: number;
  readonly answer: ItemContent[];
  /** When its newest item was written. */
  atMs: number;
  /** Its usage stands in the file. */
  counted: boolean;
  followedBy: 'nothing' | 'message' | 'tool';
  /** `token_count` rows: since its request began, after its first item, and between that and a tool's output. */
  rows: number;
  rowsAfter: number;
  rowsBeforeOutput: number;
}

/** A completed response that the session file counts nowhere: what it was given and what it answered. */
export interface UncountedResponse {
  readonly turnId: string | undefined;
  /** As Codex asked for it. */
  readonly model: string | undefined;
  /** When its last item was written. */
  readonly atMs: number;
  /** Its place among the completed responses of its turn, counted or not, from 0; of the file where turns have no id. */
  readonly ordinal: number;
  /** A `compaction` asks for a summary: without tools, with a prompt that is not in the file; a remote one for itself. */
  readonly request: 'turn' | 'compaction' | 'remote compaction';
  /** What it was given: the first `contextLength` of these. The list grows on with the responses that follow. */
  readonly context: readonly ContextItem[];
  readonly contextLength: number;
  readonly answer: readonly ItemContent[];
  readonly completed: 'certainly' | 'likely';
}

/** How reading a response ended: with its turn, with the next response or request, or because there is no more of it. */
export type Close = 'turn completed' | 'next response' | 'next request' | 'break';

/**
 * Whether a model's item belongs to the response after `open`. A tool's output does not part them: Codex up to 0.63
 * writes two calls of one response as call, output, call, output. A `token_count` row does, in every version.
 */
export function isNext(open: OpenResponse, sequence: number | undefined): boolean {
  const otherSequence = sequence !== undefined && open.sequence !== undefined && sequence !== open.sequence;
  return otherSequence || open.rowsAfter > 0 || open.followedBy === 'message';
}

/**
 * Whether `open` ran to its end. Up to 0.125 a request writes a `token_count` row when it starts and one more when it
 * completes, and then its tools' output. Since, there is one row after the output, and a response that was cut after
 * it had called a tool looks the same as one that completed. One that was cut before is followed directly by the next.
 */
export function isComplete(open: OpenResponse, close: Close): 'certainly' | 'likely' | 'no' {
  if (open.followedBy === 'tool') {
    return open.rowsBeforeOutput > 0 || open.rows - open.rowsAfter >= 2 ? 'certainly' : 'likely';
  }
  if (close === 'turn completed') return 'certainly';
  const complete = close === 'next response' ? open.followedBy === 'message' : open.rows >= 2;
  return complete ? 'certainly' : 'no';
}

/** Codex says something in the model's name, for instance after a review: without a request, so without a row. */
export function isOfCodex(open: OpenResponse, close: Close): boolean {
  return open.rows === 0 && (close === 'turn completed' || open.model === undefined);
}
