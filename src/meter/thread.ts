import type { RolloutRecord } from '../formats/codex-rollout.js';
import type { ModelResponse, Note } from '../usage/record.js';
import {
  addUsage,
  equalUsage,
  isNegativeUsage,
  isNoUsage,
  NO_USAGE,
  subtractUsage,
  type Usage,
} from '../usage/usage.js';

/** A model that no record names: its responses are counted and stay unpriced. */
export const UNKNOWN_MODEL = 'unknown';

type Counted = Pick<ModelResponse, 'key' | 'turnId' | 'rootTurnId' | 'usage' | 'evidence'>;

/**
 * What one session file has told so far. Records before `sinceMs` are the thread's history: they set the totals to
 * start from and are not counted. Once a turn has begun since then, or where the file is new, all that follows belongs
 * to this invocation, whatever its time: the machine's clock can be set back. A `usage_record` is a response, exactly; a `token_count` is one where its total
 * grew by more than the usage records before it account for: in Codex before 0.153, or where a record was lost.
 */
export class Thread {
  /** From the file's header; undefined until that has been read. */
  id: string | undefined;
  sessionId: string | undefined;
  cliVersion: string | undefined;
  /** The responses since the invocation began, in order. */
  readonly responses: ModelResponse[] = [];
  readonly notes: Note[] = [];
  /** The thread's total as Codex last wrote it, over all its life. */
  total: Usage = NO_USAGE;
  /** `token_count` rows of this invocation that count nothing new: a cut, an abort, or a provider without usage. */
  silentCounts = 0;

  readonly #sinceMs: number;
  readonly #file: 'new' | 'older';
  #isHistoryOver = false;
  readonly #models = new Map<string | undefined, string>();
  /** The keys of what was counted or is history. */
  readonly #seen = new Set<string>();
  /** The usage records that have been read, since the file began. */
  readonly #read = new Set<string>();
  #turnId: string | undefined;
  #lastModel: string | undefined;
  #serviceTier: string | undefined;
  #fork: 'copy' | 'continuation' | undefined;
  /** The next total is a fork's first. */
  #countsOn = false;
  /** What usage records have counted since the last total. */
  #recorded: Usage = NO_USAGE;
  /** Codex had a total and then, in a new process, none: before 0.80 a resumed thread counts from zero again. */
  #totalGone = false;
  #restarts = 0;

  constructor(sinceMs: number, file: 'new' | 'older' = 'older') {
    this.#sinceMs = sinceMs;
    this.#file = file;
  }

  /** Nothing has been counted where something should have been. Up to 0.125 a turn begins with one empty count. */
  get looksUncounted(): boolean {
    const expected = Number(/^0\.(\d+)/.exec(this.cliVersion ?? '')?.[1]) <= 125 ? 1 : 0;
    return this.responses.length === 0 && this.silentCounts > expected;
  }

  /** The file is read from its beginning again: what was counted is not counted twice. */
  startOver(): void {
    this.total = NO_USAGE;
    this.silentCounts = 0;
    this.#recorded = NO_USAGE;
    this.#read.clear();
    this.#isHistoryOver = this.#isAllNew();
    this.#turnId = undefined;
    this.#countsOn = this.#fork !== undefined;
    this.#totalGone = false;
    this.#restarts = 0;
  }

  /** Takes the next record of the file. */
  add(record: RolloutRecord): void {
    switch (record.kind) {
      case 'session':
        // A child that forked its parent's history holds the parent's header too: the first one names the file.
        if (this.id !== undefined) break;
        this.id = record.threadId;
        this.sessionId = record.sessionId;
        this.cliVersion = record.cliVersion;
        this.#fork = record.fork;
        this.#countsOn = record.fork !== undefined;
        this.#isHistoryOver = this.#isAllNew();
        break;
      case 'turn_context':
        this.#models.set(record.turnId, record.model);
        this.#lastModel = record.model;
        break;
      case 'settings':
        this.#serviceTier = record.serviceTier;
        break;
      case 'turn_started':
        this.#turnId = record.turnId;
        this.#isHistoryOver ||= record.atMs >= this.#sinceMs && !this.#isCopied();
        break;
      case 'usage_record':
        // A record of another thread is a copy of its history.
        if (record.threadId !== this.id || this.#read.has(record.responseId)) break;
        this.#read.add(record.responseId);
        this.#recorded = addUsage(this.#recorded, record.usage);
        this.#count(record.atMs, { ...record, key: record.responseId, evidence: 'usage_record' });
        break;
      case 'token_count':
        if (this.#isCopied()) this.#takeOver(record.total);
        else this.#takeTotal(record.atMs, record.total, record.last);
        break;
    }
  }

  /** A turn that is older than its thread was copied from the one before it. Ids are UUIDv7: they sort by time. */
  #isCopied(): boolean {
    return this.#fork === 'copy' && this.id !== undefined && this.#turnId !== undefined && this.#turnId < this.id;
  }

  #takeOver(total: Usage | undefined): void {
    this.total = total ?? this.total;
    this.#countsOn &&= total === undefined;
  }

  #takeTotal(atMs: number, total: Usage | undefined, last: Usage | undefined): void {
    if (!total) {
      this.#totalGone = !isNoUsage(this.total);
      if (isNoUsage(this.#recorded)) this.#countSilent(atMs);
      return;
    }
    this.#base(total, last);
    const grown = subtractUsage(total, this.total);
    if (isNoUsage(grown) && isNoUsage(this.#recorded)) this.#countSilent(atMs);
    const unaccounted = subtractUsage(grown, this.#recorded);
    this.total = total;
    this.#recorded = NO_USAGE;
    // Usage records may count more than the total does (remote compaction): they are the better evidence.
    if (isNegativeUsage(unaccounted) || isNoUsage(unaccounted)) return;
    const figures = `${total.input}/${total.cachedInput}/${total.output}/${total.reasoning}`;
    this.#count(atMs, {
      key: this.#restarts === 0 ? `total:${figures}` : `total:${this.#restarts}:${figures}`,
      turnId: this.#turnId,
      rootTurnId: this.#turnId,
      usage: unaccounted,
      evidence: 'token_count',
    });
  }

  /** Sets the total to count on from where it is not the one before: a fork's parent's, or zero after a restart. */
  #base(total: Usage, last: Usage | undefined): void {
    const before = subtractUsage(total, this.#ownPart(total, last));
    if (this.#countsOn && !isNegativeUsage(before)) this.total = before;
    this.#countsOn = false;
    const shrank = isNegativeUsage(subtractUsage(total, this.total));
    const restarted = this.#totalGone && !equalUsage(before, this.total);
    if (shrank && !this.#totalGone) {
      const figures = { before: this.total.input, after: total.input };
      this.notes.push({ kind: 'disagreement', reason: 'the total in the session file shrank', figures });
    }
    this.#totalGone = false;
    if (!shrank && !restarted) return;
    this.total = NO_USAGE;
    this.#restarts++;
  }

  /** What a total holds that the one before it did not. */
  #ownPart(total: Usage, last: Usage | undefined): Usage {
    if (!isNoUsage(this.#recorded)) return this.#recorded;
    // A continuation whose first turn fails repeats the total it began with, and the last usage with it.
    return this.#countsOn && this.#fork === 'continuation' ? NO_USAGE : (last ?? total);
  }

  /** A copy has its parent's history in it. */
  #isAllNew(): boolean {
    return this.#file === 'new' && this.#fork !== 'copy';
  }

  #isHistory(atMs: number): boolean {
    return !this.#isHistoryOver && atMs < this.#sinceMs;
  }

  #countSilent(atMs: number): void {
    if (!this.#isHistory(atMs)) this.silentCounts++;
  }

  #count(atMs: number, { key, turnId, rootTurnId, usage, evidence }: Counted): void {
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    if (this.#isHistory(atMs)) return;
    this.responses.push({
      ...{ threadId: this.id ?? '', key, turnId, rootTurnId, usage, evidence },
      model: this.#models.get(turnId) ?? this.#lastModel ?? UNKNOWN_MODEL,
      serviceTier: this.#serviceTier,
      source: 'actual',
      completedAtMs: atMs,
    });
  }
}
