import { isPossibleUsage } from '../../usage/count.js';
import type { ModelResponse, Note } from '../../usage/record.js';
import type { Evidence, Source } from '../../usage/source.js';
import { addUsage, type Usage } from '../../usage/usage.js';
import type { RolloutRecord } from './rollout.js';
import {
  endCopy,
  endCopyAtTurn,
  NEW_THREAD,
  type OfTurn,
  type Reading,
  readAnew,
  type SavedThread,
  saveState,
  takeHeader,
  UNKNOWN_MODEL,
} from './thread-state.js';
import { takeTotal } from './thread-totals.js';
import { beginTurn, takeModel, takeResponse, takeSettings } from './turn-settings.js';

/** What is known about a session file without reading it. */
export interface ThreadFile {
  /** `new`: the file was created after the invocation began, so everything in it is assigned to the invocation. */
  readonly age?: 'new' | 'older';
  /** The page in the file's name, where the thread was taken back to an earlier turn. */
  readonly pageId?: string | undefined;
}

/**
 * Decides which records of one session file are responses, which only repeat something, and which are history. This is the
 * only place that does, for a run that goes on and for an import.
 *
 * Records before `sinceMs` are the thread's history: they set the totals to start from and are not counted. Once a turn has
 * begun after `sinceMs`, or when the file is new, everything that follows counts, whatever its time: the clock can be set
 * back. A `usage_record` is exactly one response. A `token_count` is one when its total grew by more than the usage
 * records before it account for: before Codex 0.153, or when a record was lost.
 */
export class Thread {
  /** The responses that count, in order. The caller may take them out. */
  readonly responses: ModelResponse[] = [];
  readonly notes: Note[] = [];
  /** How many responses were left out because their counts are impossible. */
  refused = 0;
  /** The reading that the last record was part of. */
  reading: Reading;
  readonly #sinceMs: number;
  readonly #file: ThreadFile;
  /** The model of each turn; undefined for a turn whose context names no model. */
  readonly #models: Map<string | undefined, string | undefined>;
  /** The keys of the responses that were counted or are history. */
  readonly #seen: Set<string>;

  /** `saved`: what `save` returned when the file was read before, to read on from there. */
  constructor(sinceMs: number, file: ThreadFile = {}, saved: SavedThread = NEW_THREAD) {
    const { models, keys, ...state } = saved;
    this.#sinceMs = sinceMs;
    this.#file = file;
    this.#seen = new Set(keys);
    this.reading = { state, read: this.#seen };
    this.#models = new Map(models.map(([turnId, model]) => [turnId ?? undefined, model ?? undefined]));
  }

  /** Undefined until the file's header has been read, as `sessionId` and `cliVersion`. */
  get id(): string | undefined {
    return this.reading.state.id;
  }

  get sessionId(): string | undefined {
    return this.reading.state.sessionId;
  }

  get cliVersion(): string | undefined {
    return this.reading.state.cliVersion;
  }

  /** The newest total that Codex wrote: of the thread since it began. */
  get total(): Usage {
    return this.reading.state.totals.current.total;
  }

  /** The totals of all processes that have written to the file. Nearly always there is one. */
  get totals(): Usage[] {
    return [this.reading.state.totals.current, ...this.reading.state.totals.others].map(({ total }) => total);
  }

  /** How many `token_count` rows of this invocation add nothing: after an interruption, or from a provider without usage. */
  get unchangedTotals(): number {
    return this.reading.state.silentCounts;
  }

  /** Begins to read the file anew. What was counted before is not counted again. */
  readAgain(): Reading {
    // One set serves the first reading twice, because a history has ids by the million. From here on the two differ.
    if (this.reading.read === this.#seen) this.reading.read = new Set(this.#seen);
    return readAnew(this.reading.state, this.#isAllNew());
  }

  save(): SavedThread {
    return saveState(this.reading.state, this.#models, this.#seen);
  }

  /** Takes the next record. `reading` is needed only where the file was read anew. */
  add(record: RolloutRecord, reading = this.reading): void {
    this.reading = reading;
    switch (record.kind) {
      case 'session':
        if (takeHeader(this.reading.state, record)) this.reading.state.isHistoryOver = this.#isAllNew();
        break;
      case 'turn_context':
        endCopy(this.reading.state, record.atMs);
        this.#models.set(record.turnId, record.model);
        this.reading.state.settings = takeModel(this.reading.state.settings, record.model);
        break;
      case 'settings':
        this.reading.state.settings = takeSettings(this.reading.state.settings, record);
        break;
      case 'turn_started':
        this.#beginTurn(record.atMs, record.turnId);
        break;
      case 'usage_record':
        // A record of another thread is a copy of its history.
        if (record.threadId === this.id && !reading.read.has(record.responseId)) this.#takeUsageRecord(record, reading);
        break;
      case 'token_count':
        endCopy(this.reading.state, record.atMs);
        this.#takeTotal(record);
        break;
    }
  }

  #beginTurn(atMs: number, turnId: string | undefined): void {
    const state = this.reading.state;
    endCopyAtTurn(state, atMs, turnId);
    state.turnId = turnId;
    if (state.isCopying) return;
    state.settings = beginTurn(state.settings);
    state.isHistoryOver ||= atMs >= this.#sinceMs;
  }

  #takeUsageRecord(record: RolloutRecord & { readonly kind: 'usage_record' }, { state, read }: Reading): void {
    const isKnown = this.#seen.has(record.responseId);
    read.add(record.responseId);
    state.recorded = addUsage(state.recorded, record.usage);
    if (!isKnown) this.#count(record.atMs, record.responseId, record, 'usage_record');
  }

  #takeTotal({ atMs, total, last }: RolloutRecord & { readonly kind: 'token_count' }): void {
    const state = this.reading.state;
    const change = takeTotal(state, total, last, this.#file.pageId);
    if (!this.#isHistory(atMs)) this.notes.push(...change.notes);
    if (change.kind === 'nothing' && !this.#isHistory(atMs)) state.silentCounts++;
    if (change.kind !== 'response' || this.#seen.has(change.key)) return;
    const of = { turnId: state.turnId, rootTurnId: state.turnId, usage: change.usage };
    this.#count(atMs, change.key, of, 'token_count', change.source);
  }

  // A copy begins with its parent's history.
  #isAllNew(): boolean {
    return this.#file.age === 'new' && this.reading.state.base !== 'copy';
  }

  #isHistory(atMs: number): boolean {
    return !this.reading.state.isHistoryOver && atMs < this.#sinceMs;
  }

  #count(atMs: number, key: string, of: OfTurn, evidence: Evidence, source: Source = 'actual'): void {
    const { state } = this.reading;
    this.#seen.add(key);
    state.settings = takeResponse(state.settings);
    if (this.#isHistory(atMs)) return;
    if (!isPossibleUsage(of.usage, evidence)) return void this.refused++;
    this.responses.push({
      threadId: state.id ?? '',
      key,
      turnId: of.turnId,
      rootTurnId: of.rootTurnId,
      usage: of.usage,
      evidence,
      model: this.#modelOf(of.turnId) ?? UNKNOWN_MODEL,
      serviceTier: state.settings.inForce.serviceTier,
      source,
      completedAtMs: atMs,
    });
  }

  /** Returns the model in the turn's context, or in the thread's settings where there is no context yet, as in a compaction. */
  #modelOf(turnId: string | undefined): string | undefined {
    return this.#models.has(turnId) ? this.#models.get(turnId) : this.reading.state.settings.inForce.model;
  }
}
