import type { ContextItem, ItemContent } from '../usage/session-item.js';
import { equalUsage, NO_USAGE, type Usage } from '../usage/usage.js';

/** A response whose items are being read. */
export interface OpenResponse {
  readonly turnId: string | undefined;
  readonly model: string | undefined;
  /** When its turn began, in epoch milliseconds. */
  readonly turnStartedAtMs: number;
  readonly sequence: number | undefined;
  /** Its input: the first `contextLength` of these items. */
  readonly context: readonly ContextItem[];
  readonly contextLength: number;
  readonly answer: ItemContent[];
  /** When its newest item was written, in epoch milliseconds. */
  atMs: number;
  /** Whether the file has its usage. */
  counted: boolean;
  followedBy: 'nothing' | 'message' | 'tool';
  /** How many `token_count` rows came since its request began, since its first item, and between that and a tool's output. */
  rows: number;
  rowsAfter: number;
  rowsBeforeOutput: number;
}

/** A completed response without usage in the session file: its input and its answer. */
export interface UncountedResponse {
  readonly turnId: string | undefined;
  /** The model that Codex asked for. */
  readonly model: string | undefined;
  /** When its last item was written, in epoch milliseconds. */
  readonly atMs: number;
  /** Its number among the completed responses of its turn, from 0, or of the file where turns have no ids. */
  readonly ordinal: number;
  /** A `compaction` asks for a summary without tools, with a prompt that is not in the file; in a remote one the provider compacts. */
  readonly request: 'turn' | 'compaction' | 'remote compaction';
  /** Its input: the first `contextLength` of these items. The list grows with later responses. */
  readonly context: readonly ContextItem[];
  readonly contextLength: number;
  readonly answer: readonly ItemContent[];
  readonly completed: 'certainly' | 'likely';
}

/** The reason why no more items of a response follow: the end of its turn, the next response or request, or anything else. */
export type Close = 'turn completed' | 'next response' | 'next request' | 'break';

/**
 * Whether a model's item is part of the response after `open`. A tool's output does not separate them: Codex up to 0.63
 * writes two calls of one response as call, output, call, output. A `token_count` row does, in every release.
 */
export function isNext(open: OpenResponse, sequence: number | undefined): boolean {
  const otherSequence = sequence !== undefined && open.sequence !== undefined && sequence !== open.sequence;
  return otherSequence || open.rowsAfter > 0 || open.followedBy === 'message';
}

/**
 * Whether `open` completed. Up to 0.125 a request writes a `token_count` row when it starts, one more when it completes, and then
 * the output of its tools. Later releases write one row after the output, so that a response that was cut off after a tool call
 * looks as one that completed. A response that was cut off before that is followed directly by the next one.
 */
export function isComplete(open: OpenResponse, close: Close): 'certainly' | 'likely' | 'no' {
  if (open.followedBy === 'tool') {
    return open.rowsBeforeOutput > 0 || open.rows - open.rowsAfter >= 2 ? 'certainly' : 'likely';
  }
  if (close === 'turn completed') return 'certainly';
  const complete = close === 'next response' ? open.followedBy === 'message' : open.rows >= 2;
  return complete ? 'certainly' : 'no';
}

/** Whether an item is no response: Codex writes some in the model's name, as after a review, without a request and so without a row. */
export function isWrittenByCodex(open: OpenResponse, close: Close): boolean {
  return open.rows === 0 && (close === 'turn completed' || open.model === undefined);
}

/** The counts by which a response that was cut off after a tool call is distinguished from one whose provider reported no usage. */
interface Signs {
  /** How many responses of the file have usage. */
  readonly counted: number;
  /** How many responses certainly completed and have none. */
  readonly uncounted: number;
  /** How often Codex said that it asks again, less the responses that certainly were cut off. Undefined: its output was not read. */
  readonly retries: number | undefined;
}

/**
 * Returns the responses that completed. Some of those that only likely completed are taken to have been cut off when their provider
 * is known to report usage: as many as Codex asked for again, or all when that is unknown and they are the smaller part.
 */
export function settleDoubt(found: readonly UncountedResponse[], signs: Signs): UncountedResponse[] {
  const doubtful = found.filter(({ completed }) => completed === 'likely').length;
  if (signs.counted === 0 || signs.uncounted > 0) return [...found];
  let cuts = signs.retries ?? (doubtful > signs.counted ? 0 : doubtful);
  return found.filter(({ completed }) => completed === 'certainly' || cuts-- <= 0);
}

/** Codex puts this before the summary that it keeps in `compacted.message`: 0.63 to 0.169. */
const INTRODUCTION = /^Another language model started.{0,400}?your own analysis:\n/s;

/** Returns what the model answered that was asked for a summary, or what a provider has sealed, which leaves no message. */
export function summaryIn(message: string, replacement: readonly ContextItem[] | undefined): ItemContent | undefined {
  if (message !== '') return plain(message.replace(INTRODUCTION, ''));
  return replacement?.findLast(({ content }) => content.kind === 'reasoning' && content.sealedChars > 0)?.content;
}

/** Returns the conversation after a compaction: up to 0.101 the messages of Codex and of the user, and the summary. */
export function compact(
  context: readonly ContextItem[],
  message: string,
  replacement: readonly ContextItem[] | undefined,
): ContextItem[] {
  if (replacement) return [...replacement];
  return [...context.filter(({ from }) => from === 'message'), { from: 'message', content: plain(message) }];
}

/** Content that is readable text. */
export function plain(text = ''): ItemContent {
  return { kind: 'plain', text, sealedChars: 0, images: 0 };
}

/** Decides whether a thread's total has grown by usage that no usage record has counted before. */
export class Growth {
  #total: Usage = NO_USAGE;
  #isRecorded = false;

  takeRecord(): void {
    this.#isRecorded = true;
  }

  /** Takes a `token_count` row. Returns whether it counts a response: a row that repeats the total counts none. */
  takeTotal(total: Usage | undefined): boolean {
    // Before 0.80 a process that resumes a thread has no total at first and counts from zero.
    if (!total) this.#total = NO_USAGE;
    if (!total || equalUsage(total, this.#total)) return false;
    const isNew = !this.#isRecorded;
    this.#total = total;
    this.#isRecorded = false;
    return isNew;
  }
}
