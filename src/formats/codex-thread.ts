import type { ModelResponse, Note } from '../usage/record.js';
import type { Evidence } from '../usage/source.js';
import { addUsage, isNegativeUsage, isNoUsage, NO_USAGE, subtractUsage, type Usage } from '../usage/usage.js';
import type { RolloutRecord } from './codex-rollout.js';
import {
  countExpectedSilence,
  type Footing,
  isCopied,
  isForetold,
  keyOfTotal,
  NEW_THREAD,
  type OfTurn,
  type Progress,
  type Reading,
  readAnew,
  rebase,
  type SavedThread,
  saveState,
  type ThreadState,
  takeProgress,
  UNKNOWN_MODEL,
} from './codex-thread-state.js';

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
  /** The one that the last record belonged to. */
  reading: Reading;
  readonly #sinceMs: number;
  readonly #file: 'new' | 'older';
  readonly #models: Map<string | undefined, string>;
  /** The keys of what was counted or is history. */
  readonly #seen: Set<string>;

  /** `saved`: the file is read on from where it was left. */
  constructor(sinceMs: number, file: 'new' | 'older' = 'older', saved: SavedThread = NEW_THREAD) {
    const { models, keys, ...state } = saved;
    this.#sinceMs = sinceMs;
    this.#file = file;
    this.reading = { state, read: new Set(keys) };
    this.#models = new Map(models.map(([turnId, model]) => [turnId ?? undefined, model]));
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
    return this.#state.total;
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
    const { total, recorded, countsOn, totalGone, fork } = this.#state;
    const isPlain = this.#sinceMs === 0 && fork !== 'copy' && !countsOn && !totalGone;
    return isPlain ? { total, recorded } : undefined;
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
        // A child that forked its parent's history holds the parent's header too: the first one names the file.
        if (this.id !== undefined) break;
        this.#state.id = record.threadId;
        this.#state.sessionId = record.sessionId;
        this.#state.cliVersion = record.cliVersion;
        this.#state.fork = record.fork;
        this.#state.countsOn = record.fork !== undefined;
        this.#state.isHistoryOver = this.#isAllNew();
        break;
      case 'turn_context':
        this.#models.set(record.turnId, record.model);
        this.#state.lastModel = record.model;
        break;
      case 'settings':
        this.#state.serviceTier = record.serviceTier;
        break;
      case 'turn_started':
        this.#state.turnId = record.turnId;
        this.#state.isHistoryOver ||= record.atMs >= this.#sinceMs && !isCopied(this.#state);
        break;
      case 'usage_record':
        // A record of another thread is a copy of its history.
        if (record.threadId !== this.id || reading.read.has(record.responseId)) break;
        reading.read.add(record.responseId);
        this.#state.recorded = addUsage(this.#state.recorded, record.usage);
        this.#count(record.atMs, record.responseId, record, 'usage_record');
        break;
      case 'token_count':
        if (isCopied(this.#state)) this.#takeOver(record.total);
        else if (isForetold(record.total, this.#state)) this.#settle(record.total);
        else this.#takeTotal(record.atMs, record.total, record.last);
        break;
    }
  }

  get #state(): ThreadState {
    return this.reading.state;
  }

  #takeOver(total: Usage | undefined): void {
    this.#state.total = total ?? this.total;
    this.#state.countsOn &&= total === undefined;
  }

  #takeTotal(atMs: number, total: Usage | undefined, last: Usage | undefined): void {
    if (!total) {
      this.#state.totalGone = !isNoUsage(this.total);
      if (isNoUsage(this.#state.recorded)) this.#countSilent(atMs);
      return;
    }
    const note = rebase(this.#state, total, last);
    if (note) this.notes.push(note);
    const grown = subtractUsage(total, this.total);
    if (isNoUsage(grown) && isNoUsage(this.#state.recorded)) this.#countSilent(atMs);
    const unaccounted = subtractUsage(grown, this.#state.recorded);
    this.#settle(total);
    // Usage records may count more than the total does (remote compaction): they are the better evidence.
    if (isNegativeUsage(unaccounted) || isNoUsage(unaccounted)) return;
    const { turnId, restarts } = this.#state;
    this.#count(atMs, keyOfTotal(total, restarts), { turnId, rootTurnId: turnId, usage: unaccounted }, 'token_count');
  }

  #settle(total: Usage): void {
    this.#state.total = total;
    this.#state.recorded = NO_USAGE;
  }

  /** A copy has its parent's history in it. */
  #isAllNew(): boolean {
    return this.#file === 'new' && this.#state.fork !== 'copy';
  }

  #isHistory(atMs: number): boolean {
    return !this.#state.isHistoryOver && atMs < this.#sinceMs;
  }

  #countSilent(atMs: number): void {
    if (!this.#isHistory(atMs)) this.#state.silentCounts++;
  }

  #count(atMs: number, key: string, of: OfTurn, evidence: Evidence): void {
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    if (this.#isHistory(atMs)) return;
    this.responses.push({
      threadId: this.id ?? '',
      key,
      turnId: of.turnId,
      rootTurnId: of.rootTurnId,
      usage: of.usage,
      evidence,
      model: this.#models.get(of.turnId) ?? this.#state.lastModel ?? UNKNOWN_MODEL,
      serviceTier: this.#state.serviceTier,
      source: 'actual',
      completedAtMs: atMs,
    });
  }
}
