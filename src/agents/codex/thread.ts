import { isPossibleUsage } from '../../usage/count.js';
import type { ModelResponse, Note } from '../../usage/record.js';
import type { Evidence, Source } from '../../usage/source.js';
import { addUsage, type Usage } from '../../usage/usage.js';
import { passCopy, passCopyAtTurn } from './copy.js';
import type { RolloutRecord } from './rollout.js';
import {
  NEW_THREAD,
  type OfTurn,
  type Reading,
  readAnew,
  type SavedThread,
  saveState,
  type ThreadState,
  takeHeader,
  UNKNOWN_MODEL,
} from './thread-state.js';
import { takeTotal } from './thread-totals.js';
import { beginTurn, passResponse, takeModel, takeSettings } from './turn-settings.js';

/** What is known of a session file beside its lines. */
export interface ThreadFile {
  /** `new`: it came after the invocation began, so that all in it belongs to the invocation. */
  readonly age?: 'new' | 'older';
  /** Of a thread that was taken back to an earlier turn: the page that the file's name tells. */
  readonly pageId?: string | undefined;
}

/**
 * What one session file has told so far. Records before `sinceMs` are the thread's history: they set the totals to
 * start from and are not counted. Once a turn has begun since then, or where the file is new, all that follows belongs
 * to this invocation, whatever its time: the clock can be set back. A `usage_record` is a response, exactly; a `token_count`
 * is one where its total grew by more than the usage records before it account for: before 0.153, or where one was lost.
 */
export class Thread {
  /** The responses since the invocation began, in order. */
  readonly responses: ModelResponse[] = [];
  readonly notes: Note[] = [];
  refused = 0; // Responses that told counts which none can have: they are not counted.
  /** The one that the last record belonged to. */
  reading: Reading;
  readonly #sinceMs: number;
  readonly #file: ThreadFile;
  /** By turn; undefined for a turn whose context names no model. */
  readonly #models: Map<string | undefined, string | undefined>;
  /** The keys of what was counted or is history. */
  readonly #seen: Set<string>;

  /** `saved`: the file is read on from where it was left. */
  constructor(sinceMs: number, file: ThreadFile = {}, saved: SavedThread = NEW_THREAD) {
    const { models, keys, ...state } = saved;
    this.#sinceMs = sinceMs;
    this.#file = file;
    this.reading = { state, read: new Set(keys) };
    this.#models = new Map(models.map(([turnId, model]) => [turnId ?? undefined, model ?? undefined]));
    this.#seen = new Set(keys);
  }

  /** From the file's header, as the next two; undefined until that has been read. */
  get id(): string | undefined {
    return this.#state.id;
  }

  get sessionId(): string | undefined {
    return this.#state.sessionId;
  }

  get cliVersion(): string | undefined {
    return this.#state.cliVersion;
  }

  /** The thread's total as Codex last wrote it, over all its life. */
  get total(): Usage {
    return this.#state.totals.current.total;
  }

  /** The totals of all processes that have written to the file: mostly one. */
  get totals(): Usage[] {
    return [this.#state.totals.current, ...this.#state.totals.others].map(({ total }) => total);
  }

  /** `token_count` rows of this invocation that count nothing new: a cut, an abort, or a provider without usage. */
  get silentCounts(): number {
    return this.#state.silentCounts;
  }

  /** A reading from the file's beginning: what another one has counted is not counted again. */
  readAgain(): Reading {
    return readAnew(this.#state, this.#isAllNew());
  }

  /** What a later import needs to read on in this file from here. */
  save(): SavedThread {
    return saveState(this.#state, this.#models, this.#seen);
  }

  /** Takes the next record of a reading: of the only one, where nothing is said. */
  add(record: RolloutRecord, reading = this.reading): void {
    this.reading = reading;
    switch (record.kind) {
      case 'session':
        if (takeHeader(this.#state, record)) this.#state.isHistoryOver = this.#isAllNew();
        break;
      case 'turn_context':
        passCopy(this.#state, record.atMs);
        this.#models.set(record.turnId, record.model);
        this.#state.settings = takeModel(this.#state.settings, record.model);
        break;
      case 'settings':
        this.#state.settings = takeSettings(this.#state.settings, record);
        break;
      case 'turn_started':
        this.#beginTurn(record.atMs, record.turnId);
        break;
      case 'usage_record':
        // A record of another thread is a copy of its history.
        if (record.threadId !== this.id || reading.read.has(record.responseId)) break;
        reading.read.add(record.responseId);
        this.#state.recorded = addUsage(this.#state.recorded, record.usage);
        this.#count(record.atMs, record.responseId, record, 'usage_record');
        break;
      case 'token_count':
        passCopy(this.#state, record.atMs);
        this.#takeTotal(record);
        break;
    }
  }

  get #state(): ThreadState {
    return this.reading.state;
  }

  #beginTurn(atMs: number, turnId: string | undefined): void {
    const state = this.#state;
    passCopyAtTurn(state, atMs, turnId);
    state.turnId = turnId;
    if (state.isCopying) return;
    state.settings = beginTurn(state.settings);
    state.isHistoryOver ||= atMs >= this.#sinceMs;
  }

  #takeTotal({ atMs, total, last }: RolloutRecord & { readonly kind: 'token_count' }): void {
    const state = this.#state;
    const told = takeTotal(state, total, last, this.#file.pageId);
    if (!this.#isHistory(atMs)) this.notes.push(...told.notes);
    if (told.kind === 'silent' && !this.#isHistory(atMs)) state.silentCounts++;
    if (told.kind !== 'used') return;
    const of = { turnId: state.turnId, rootTurnId: state.turnId, usage: told.usage };
    this.#count(atMs, told.key, of, 'token_count', told.source);
  }

  /** A copy has its parent's history in it. */
  #isAllNew(): boolean {
    return this.#file.age === 'new' && this.#state.base !== 'copy';
  }

  #isHistory(atMs: number): boolean {
    return !this.#state.isHistoryOver && atMs < this.#sinceMs;
  }

  #count(atMs: number, key: string, of: OfTurn, evidence: Evidence, source: Source = 'actual'): void {
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.#state.settings = passResponse(this.#state.settings);
    if (this.#isHistory(atMs)) return;
    if (!isPossibleUsage(of.usage, evidence)) return void this.refused++;
    this.responses.push({
      threadId: this.id ?? '',
      key,
      turnId: of.turnId,
      rootTurnId: of.rootTurnId,
      usage: of.usage,
      evidence,
      model: this.#modelOf(of.turnId) ?? UNKNOWN_MODEL,
      serviceTier: this.#state.settings.inForce.serviceTier,
      source,
      completedAtMs: atMs,
    });
  }

  /** The model that the turn's context names; before there is one, as in a compaction, that of the thread's settings. */
  #modelOf(turnId: string | undefined): string | undefined {
    return this.#models.has(turnId) ? this.#models.get(turnId) : this.#state.settings.inForce.model;
  }
}
