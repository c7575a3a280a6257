import type { ContextItem, SessionHeader, SessionItem } from '../usage/session-item.js';
import { isCopiedTurn } from '../usage/thread-id.js';
import type { Usage } from '../usage/usage.js';
import {
  type Close,
  compact,
  Growth,
  isComplete,
  isNext,
  isWrittenByCodex,
  type OpenResponse,
  settleDoubt,
  summaryIn,
  type UncountedResponse,
} from './open-response.js';

export interface WalkOptions {
  /** Only turns that began then or later have responses; earlier ones are context. Epoch milliseconds. */
  readonly sinceMs: number;
  /** The last turn is known to have failed. Codex before 0.145 ends a failed turn in its file like any other. */
  readonly lastTurnFailed?: boolean | undefined;
  /** How often Codex said since `sinceMs` that it asks again, where its output was read along. */
  readonly reconnects?: number | undefined;
}

type Request = UncountedResponse['request'];

/** Finds the responses without usage in one session file, item by item. The rules are in docs/estimation.md. */
export class ResponseWalk {
  uncounted: UncountedResponse[] = [];
  /** Responses that were cut off for good: by an interruption, a failure, or the end of the file. */
  cutOff = 0;
  /** Responses that were cut and asked for again. */
  retried = 0;
  header: SessionHeader | undefined;

  readonly #options: WalkOptions;
  #context: ContextItem[] = [];
  #open: OpenResponse | undefined;
  #model: string | undefined;
  #turnId: string | undefined;
  #turnStartedAtMs: number | undefined;
  #ordinal = 0;
  /** How many `token_count` rows came while no response was open. */
  #rows = 0;
  readonly #growth = new Growth();
  /** Whether the usage of the next response was read already: Codex up to 0.63 writes it first, and up to 0.125 for a compaction. */
  #countedAhead = false;
  /** Responses of the whole file: those with usage, and those that certainly completed and have none. */
  #counted = 0;
  #leftOut = 0;
  /** A response that is known to be complete only because its turn ended. */
  #endedByTurn: UncountedResponse | undefined;

  constructor(options: WalkOptions) {
    this.#options = options;
  }

  /** Takes an item of the thread that this one continues. It is context, and no response. */
  inherit(item: SessionItem): void {
    if (item.kind === 'context_item') this.#context.push(item);
    if (item.kind === 'compacted') this.#replaceContext(item.message, item.replacement);
  }

  /** Takes the next item of the file. */
  add(item: SessionItem): void {
    switch (item.kind) {
      case 'session':
        // A fork that copied its parent's history has the parent's header too. The first header is its own.
        this.header ??= item;
        break;
      case 'turn_started':
        this.#close('break');
        this.#startTurn(item.turnId, item.atMs);
        break;
      case 'turn_context':
        this.#close('next request');
        this.#rows = 0;
        this.#model = item.model;
        this.#turnId = item.turnId ?? this.#turnId;
        break;
      case 'context_item':
        if (item.from === 'model') this.#answer(item);
        else this.#follow(item.from);
        this.#context.push(item);
        break;
      case 'usage_record':
        // A record of another thread is a copy of its history.
        if (item.threadId !== (this.header?.threadId ?? item.threadId)) break;
        this.#growth.takeRecord();
        this.#count();
        break;
      case 'token_count':
        this.#takeRow(item.total);
        break;
      case 'compacted':
        this.#compact(item);
        this.#replaceContext(item.message, item.replacement);
        break;
      case 'turn_ended':
        this.#close(item.outcome === 'completed' ? 'turn completed' : 'break');
        this.#countedAhead = false;
        break;
    }
  }

  /** Says that there are no more items. */
  end(): void {
    this.#close('break');
    const { lastTurnFailed, reconnects } = this.#options;
    if (lastTurnFailed && this.#endedByTurn) {
      this.uncounted.pop();
      this.cutOff++;
      this.#leftOut--;
    }
    const retries = reconnects === undefined ? undefined : reconnects - this.retried;
    const completed = settleDoubt(this.uncounted, { counted: this.#counted, uncounted: this.#leftOut, retries });
    this.retried += this.uncounted.length - completed.length;
    this.uncounted = completed;
  }

  #startTurn(turnId: string | undefined, atMs: number): void {
    this.#turnId = turnId;
    this.#turnStartedAtMs = atMs;
    this.#ordinal = 0;
    this.#rows = 0;
    this.#countedAhead = false;
    this.#endedByTurn = undefined;
  }

  #answer(item: SessionItem & { kind: 'context_item' }): void {
    if (this.#open && isNext(this.#open, item.sequence)) this.#close('next response');
    this.#open ??= this.#begin(item.atMs, item.turnId, item.sequence);
    this.#open.answer.push(item.content);
    this.#open.atMs = item.atMs;
  }

  #begin(atMs: number, turnId = this.#turnId, sequence?: number): OpenResponse {
    const [rows, counted] = [this.#rows, this.#countedAhead];
    this.#rows = 0;
    this.#countedAhead = false;
    return {
      ...{ turnId, sequence, atMs, model: this.#model, turnStartedAtMs: this.#turnStartedAtMs ?? atMs },
      ...{ context: this.#context, contextLength: this.#context.length, answer: [] },
      ...{ rows, counted, rowsAfter: 0, rowsBeforeOutput: 0, followedBy: 'nothing' },
    };
  }

  #follow(from: ContextItem['from']): void {
    const open = this.#open;
    if (!open || from === 'tool_list' || open.followedBy === 'tool') return;
    if (from === 'tool') open.rowsBeforeOutput = open.rowsAfter;
    open.followedBy = from === 'tool' ? 'tool' : 'message';
  }

  #takeRow(total: Usage | undefined): void {
    if (this.#open) {
      this.#open.rows++;
      this.#open.rowsAfter++;
    } else this.#rows++;
    if (this.#growth.takeTotal(total)) this.#count();
  }

  #count(): void {
    if (this.#open && !this.#open.counted) this.#open.counted = true;
    else this.#countedAhead = true;
  }

  /** Since 0.137 the file has the answer to a compaction; before, only the summary that Codex made of it. */
  #compact({ atMs, message, replacement }: SessionItem & { kind: 'compacted' }): void {
    if (this.#open?.followedBy === 'nothing') {
      this.#close('turn completed', 'compaction');
      return;
    }
    this.#close('break');
    const answer = summaryIn(message, replacement);
    if (!answer) return;
    this.#rows = 1;
    this.#open = this.#begin(atMs);
    this.#open.answer.push(answer);
    this.#close('turn completed', message === '' ? 'remote compaction' : 'compaction');
  }

  #replaceContext(message: string, replacement: readonly ContextItem[] | undefined): void {
    this.#context = compact(this.#context, message, replacement);
    this.#rows = 0;
    this.#countedAhead = false;
  }

  #close(close: Close, request: Request = 'turn'): void {
    const open = this.#open;
    this.#open = undefined;
    if (!open) return;
    this.#rows = 0;
    const completed = isComplete(open, close);
    if (open.counted) {
      this.#ordinal++;
      this.#counted++;
    } else if (isWrittenByCodex(open, close)) return;
    else if (completed !== 'no') this.#addUncounted(open, close, request, completed);
    else if (!this.#isWanted(open)) return;
    else if (close === 'break') this.cutOff++;
    else this.retried++;
  }

  #addUncounted(open: OpenResponse, close: Close, request: Request, completed: 'certainly' | 'likely'): void {
    const { turnId, model, atMs, context, contextLength, answer } = open;
    const ordinal = this.#ordinal++;
    // Before 0.153.4 no file has the usage of a provider's own compaction. That says nothing about its other responses.
    if (completed === 'certainly' && request !== 'remote compaction') this.#leftOut++;
    if (!this.#isWanted(open)) return;
    const response = { turnId, model, atMs, ordinal, request, context, contextLength, answer, completed };
    this.uncounted.push(response);
    if (close === 'turn completed' && isComplete(open, 'break') === 'no') this.#endedByTurn = response;
  }

  #isWanted({ turnId, turnStartedAtMs }: OpenResponse): boolean {
    return !isCopiedTurn(turnId, this.header?.threadId) && turnStartedAtMs >= this.#options.sinceMs;
  }
}
