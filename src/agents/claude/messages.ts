import type { TranscriptMessage } from './transcript.js';

/** The fields that identify a message of Claude Code: all lines of one message have the same values, and so do copies of them. */
export interface KnownMessage {
  readonly thread: string;
  readonly id: string;
  /** When its first line was written (epoch milliseconds). A copy keeps this time. */
  readonly startedAtMs: number;
  readonly request: string | undefined;
  readonly ref: string | undefined;
  /** Input tokens: the same on all lines of a message, unless its output goes on. */
  readonly input: number;
}

/** How many of the newest messages the next import knows: it may find more lines of one that is being written. */
const MOST_SAVED = 16;

/**
 * Decides which lines are of one message. The API's ids would be enough, but a proxy may number its messages from one in
 * each session, or after each start, and some programs write the id of the request on some lines only.
 */
export class MessageLines {
  readonly #known = new Map<string, KnownMessage[]>();
  /**
   * The message that each thread wrote last, by thread. A proxy may number the messages of each session from one: a line of
   * another message, or a prompt, in between shows that the same id begins a new message.
   */
  readonly #newest = new Map<string, KnownMessage>();
  readonly #order: KnownMessage[] = [];

  constructor(saved: readonly KnownMessage[] = []) {
    for (const message of saved) this.#add(message);
  }

  find(thread: string, line: TranscriptMessage): KnownMessage {
    const id = line.id ?? '';
    const newest = this.#newest.get(thread);
    const same = this.#known.get(`${thread} ${id}`)?.findLast((known) => {
      return agrees(known, line) && (known === newest || known.input === line.usage.input);
    });
    if (same) {
      this.#newest.set(thread, same);
      return same;
    }
    const { request, ref } = line.requestIds;
    const message = { thread, id, startedAtMs: line.atMs, request, ref, input: line.usage.input };
    this.#add(message);
    return message;
  }

  /** Says that the next lines are of other messages. */
  interrupt(): void {
    this.#newest.clear();
  }

  save(): readonly KnownMessage[] {
    return this.#order.slice(-MOST_SAVED);
  }

  #add(message: KnownMessage): void {
    const name = `${message.thread} ${message.id}`;
    this.#known.set(name, [...(this.#known.get(name) ?? []), message]);
    this.#newest.set(message.thread, message);
    this.#order.push(message);
    if (this.#order.length > 2 * MOST_SAVED) this.#order.splice(0, MOST_SAVED);
  }
}

/** Returns the response's key: the same in every file that holds a line of the message, and in no other one. */
export function keyOf({ id, startedAtMs }: KnownMessage): string {
  return id === '' ? `at:${startedAtMs}` : `${id}@${startedAtMs}`;
}

function agrees(known: KnownMessage, { requestIds }: TranscriptMessage): boolean {
  const conflicts = (a: string | undefined, b: string | undefined) => a !== undefined && b !== undefined && a !== b;
  return !conflicts(known.request, requestIds.request) && !conflicts(known.ref, requestIds.ref);
}
