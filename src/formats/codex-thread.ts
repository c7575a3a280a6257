import { isPossibleUsage } from '../usage/count.js';
import type { ModelResponse, Note } from '../usage/record.js';
import type { Evidence, Source } from '../usage/source.js';
import {
  addUsage,
  equalUsage,
  isNegativeUsage,
  isNoUsage,
  NO_USAGE,
  subtractUsage,
  type Usage,
} from '../usage/usage.js';
import type { RolloutRecord } from './codex-rollout.js';
import {
  countExpectedSilence,
  endsCopy,
  type Footing,
  isForetold,
  keyOfTotal,
  NEW_THREAD,
  type OfTurn,
  type Progress,
  type Reading,
  readAnew,
  type SavedThread,
  saveState,
  settleTotal,
  type ThreadState,
  takeProgress,
  UNKNOWN_MODEL,
  writesUsageRecords,
} from './codex-thread-state.js';
import { advanceTotals, restartTotals } from './codex-totals.js';
import { beginTurn, takeModel, takeSettings } from './codex-turn-settings.js';

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
    const { current, others } = this.#state.totals;
    return [current, ...others].map(({ total }) => total);
  }

  /** `token_count` rows of this invocation that count nothing new: a cut, an abort, or a provider without usage. */
  get silentCounts(): number {
    return this.#state.silentCounts;
  }

  /** Nothing has been counted where something should have been. */
  get looksUncounted(): boolean {
    return this.responses.length === 0 && this.silentCounts > countExpectedSilence(this.cliVersion);
  }

  /** A reading from the file's beginning: what another one has counted is not counted again. */
  readAgain(): Reading {
    return readAnew(this.#state, this.#isAllNew());
  }

  /** What to go on from later, in another process. `counted`: the newest keys of what was counted elsewhere. */
  save(counted: readonly string[] = []): SavedThread {
    return saveState(this.#state, this.#models, this.#seen, counted);
  }

  /**
   * Undefined unless each usage record of this thread that is new counts, and each total that they foretell does not, as
   * long as nothing else comes between them but turns of the same model.
   */
  get footing(): Footing | undefined {
    const { recorded, countsOn, totalGone, isCopying, settings } = this.#state;
    const isSettled = !settings.next && settings.firstTurn !== 'not begun';
    const isPlain = this.#sinceMs === 0 && !isCopying && !countsOn && !totalGone && isSettled;
    return isPlain ? { total: this.total, recorded } : undefined;
  }

  /** Goes on behind such records, which have been counted elsewhere. */
  goOn(progress: Progress): void {
    for (const turnId of progress.turnIds) this.#models.set(turnId, progress.model);
    takeProgress(this.#state, progress);
  }

  /** The keys of the newest responses, in their order, whether they have been counted here or elsewhere. */
  remember(keys: readonly string[]): void {
    for (const key of keys) {
      this.#seen.delete(key);
      this.#seen.add(key);
      this.reading.read.add(key);
    }
  }

  /** Takes the next record of a reading: of the only one, where nothing is said. */
  add(record: RolloutRecord, reading = this.reading): void {
    this.reading = reading;
    switch (record.kind) {
      case 'session':
        this.#takeHeader(record);
        break;
      case 'turn_context':
        this.#passCopy(record.atMs);
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
        this.#passCopy(record.atMs);
        if (this.#state.isCopying) this.#takeOver(record.total);
        else if (isForetold(record.total, this.#state)) this.#settle(record.total);
        else this.#takeTotal(record.atMs, record.total, record.last);
        break;
    }
  }

  get #state(): ThreadState {
    return this.reading.state;
  }

  #takeHeader(header: RolloutRecord & { readonly kind: 'session' }): void {
    const state = this.#state;
    state.copiedAtMs = header.atMs;
    // A copy of another thread's history begins with the header of that thread: the first one names the file.
    if (this.id !== undefined) return;
    state.id = header.threadId;
    state.sessionId = header.sessionId;
    state.cliVersion = header.cliVersion;
    state.base = header.base;
    state.isCopying = header.base === 'copy';
    state.countsOn = header.base !== undefined;
    state.isMigrated = header.isPaginated && !writesUsageRecords(header.cliVersion);
    state.isHistoryOver = this.#isAllNew();
  }

  #beginTurn(atMs: number, turnId: string | undefined): void {
    const state = this.#state;
    // A turn that is older than its thread was copied from the one before it: ids are UUIDv7, which sort by time.
    if (turnId !== undefined && state.id !== undefined) state.isCopying &&= turnId < state.id;
    else this.#passCopy(atMs);
    state.turnId = turnId;
    if (state.isCopying) return;
    state.settings = beginTurn(state.settings);
    state.isHistoryOver ||= atMs >= this.#sinceMs;
  }

  #passCopy(atMs: number): void {
    if (!this.#state.isCopying) return;
    this.#state.isCopying = !endsCopy(this.#state, atMs);
    this.#state.copiedAtMs = atMs;
  }

  #takeOver(total: Usage | undefined): void {
    if (total) this.#settle(total);
    this.#state.countsOn &&= total === undefined;
  }

  #takeTotal(atMs: number, total: Usage | undefined, last: Usage | undefined): void {
    const state = this.#state;
    if (!total) {
      state.totalGone = !isNoUsage(this.total);
      if (isNoUsage(state.recorded)) this.#countSilent(atMs);
      return;
    }
    if (isNoUsage(state.recorded)) this.#takeTotalAlone(atMs, total, last);
    else this.#takeRecordedTotal(atMs, total);
    state.totalGone = false;
  }

  /** Takes a total that no usage record foretold: all that a Codex before 0.153 writes. */
  #takeTotalAlone(atMs: number, total: Usage, last: Usage | undefined): void {
    const state = this.#state;
    if (state.countsOn) this.#countOnFrom(total, last);
    const gap = this.#findGap(total, last);
    const { totals, used, source, note } = advanceTotals(state.totals, total, last, state.totalGone);
    if (note) this.notes.push(note);
    state.totals = totals;
    if (isNoUsage(used)) {
      this.#countSilent(atMs);
      return;
    }
    if (gap) this.notes.push(gap);
    const { turnId } = state;
    const key = keyOfTotal(totals.current, this.#file.pageId);
    const of = { turnId, rootTurnId: turnId, usage: used };
    this.#count(atMs, key, of, 'token_count', gap ? 'parsed' : source);
  }

  /** Finds the total that another file ended with. A fork or a page that has used nothing yet may repeat it. */
  #countOnFrom(total: Usage, last: Usage | undefined): void {
    const state = this.#state;
    state.countsOn = false;
    const isRepeat = state.base === 'continuation' || (state.base === 'page' && writesUsageRecords(state.cliVersion));
    const base = isRepeat ? total : subtractUsage(total, last ?? total);
    if (!isNegativeUsage(base)) state.totals = settleTotal(state.totals, base);
  }

  /** Turns that had been taken back are gone from a migrated file, but their usage is still within the next total. */
  #findGap(total: Usage, last: Usage | undefined): Note | undefined {
    if (!this.#state.isMigrated || !last) return undefined;
    const missing = subtractUsage(subtractUsage(total, last), this.total);
    if (isNegativeUsage(missing) || isNoUsage(missing)) return undefined;
    return { kind: 'disagreement', reason: MIGRATED, figures: { input: missing.input, output: missing.output } };
  }

  /** Takes a total that is not what the usage records before it add up to. */
  #takeRecordedTotal(atMs: number, total: Usage): void {
    const state = this.#state;
    const before = subtractUsage(total, state.recorded);
    if (state.countsOn && !isNegativeUsage(before)) state.totals = settleTotal(state.totals, before);
    state.countsOn = false;
    const hasShrunk = isNegativeUsage(subtractUsage(total, this.total));
    if (hasShrunk || (state.totalGone && !equalUsage(before, this.total))) {
      const { totals, note } = restartTotals(state.totals, total);
      if (hasShrunk && !state.totalGone) this.notes.push(note);
      state.totals = settleTotal(totals, NO_USAGE);
    }
    const unaccounted = subtractUsage(subtractUsage(total, this.total), state.recorded);
    this.#settle(total);
    // Usage records may count more than the total does (remote compaction): they are the better evidence.
    if (isNegativeUsage(unaccounted) || isNoUsage(unaccounted)) return;
    const { turnId } = state;
    const key = keyOfTotal(state.totals.current, this.#file.pageId);
    this.#count(atMs, key, { turnId, rootTurnId: turnId, usage: unaccounted }, 'token_count');
  }

  #settle(total: Usage): void {
    this.#state.totals = settleTotal(this.#state.totals, total);
    this.#state.recorded = NO_USAGE;
  }

  /** A copy has its parent's history in it. */
  #isAllNew(): boolean {
    return this.#file.age === 'new' && this.#state.base !== 'copy';
  }

  #isHistory(atMs: number): boolean {
    return !this.#state.isHistoryOver && atMs < this.#sinceMs;
  }

  #countSilent(atMs: number): void {
    if (!this.#isHistory(atMs)) this.#state.silentCounts++;
  }

  #count(atMs: number, key: string, of: OfTurn, evidence: Evidence, source: Source = 'actual'): void {
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
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

const MIGRATED =
  'a migration deleted turns that had been taken back: what they used is counted within the response after them';
