import type { Unrecognised } from '../../formats/line.js';
import { NO_USAGE, type Usage } from '../../usage/usage.js';
import { isSilentAt, parseSpokenLine, type RolloutRecord } from './rollout.js';
import { RolloutWasm } from './rollout-wasm.js';

/** What `RolloutScanner` finds. */
export interface RolloutHandlers {
  /** `at`: where its line begins in the buffer. */
  onRecord(record: RolloutRecord, at: number): void;
  onUnrecognised(what: Unrecognised, at: number): void;
}

/** What stands where in an entry, in words of four bytes; the time takes two of them. */
const ENTRY_BYTES = 96;
const ENTRY = {
  kind: 0,
  start: 1,
  end: 2,
  flags: 3,
  thread: 4,
  turn: 6,
  rootTurn: 8,
  key: 10,
  atMs: 12,
  usage: 14,
  last: 19,
};
const LINE = 0;
const USAGE_RECORD = 1;
const TOKEN_COUNT = 2;
const LONG_LINE = 2000;

/**
 * Tells the lines of a session file that say something of usage from the others, and reads those that are many, by
 * WebAssembly: a history has lines by the million. The records are those of rollout.ts, but for how full the context
 * is and what is left of rate limits.
 */
export class RolloutScanner {
  readonly #wasm = new RolloutWasm();
  readonly #entriesAt = this.#wasm.exports.entriesAt();
  #thread = '';
  #turn = '';
  #rootTurn = '';

  /** What is to be scanned is put here. It is another one after `grow`. */
  get buffer(): Buffer {
    return this.#wasm.buffer;
  }

  /** Makes room for twice as much. What is in the buffer stays. */
  grow(): void {
    this.#wasm.grow();
  }

  /** Begins with another file. */
  begin(): void {
    this.#wasm.exports.begin();
  }

  /** Takes the whole lines between `start` and `end` of the buffer. Returns where the rest begins. */
  take(start: number, end: number, handlers: RolloutHandlers): number {
    const { exports, bufferAt } = this.#wasm;
    let from = bufferAt + start;
    const to = bufferAt + end;
    for (;;) {
      const count = exports.scan(from, to);
      from = exports.position();
      if (count === 0) return from - bufferAt;
      this.#tell(count, handlers);
    }
  }

  /** Whether a line that begins at `start` says nothing of usage: what stands of it by `end` is enough. */
  isSilent(start: number, end: number): boolean {
    const { exports, bufferAt } = this.#wasm;
    return exports.isSilent(bufferAt + start, bufferAt + end) || isSilentAt(this.buffer, start, end);
  }

  #tell(count: number, handlers: RolloutHandlers): void {
    for (let index = 0; index < count; index++) {
      const at = this.#entriesAt + index * ENTRY_BYTES;
      const kind = this.#wordOf(at, ENTRY.kind);
      const start = this.#wordOf(at, ENTRY.start);
      const place = start - this.#wasm.bufferAt;
      if (kind === USAGE_RECORD) handlers.onRecord(this.#readUsageRecord(at), place);
      else if (kind === TOKEN_COUNT) handlers.onRecord(this.#readTokenCount(at), place);
      else this.#tellLine(kind, start, this.#wordOf(at, ENTRY.end), handlers);
    }
  }

  #tellLine(kind: number, from: number, to: number, handlers: RolloutHandlers): void {
    const { buffer, bufferAt } = this.#wasm;
    if (kind === LINE && isSilentAt(buffer, from - bufferAt, to - bufferAt)) return;
    const record = parseSpokenLine(this.#decodeBrief(from, to));
    if (record.kind === 'unrecognised') handlers.onUnrecognised(record, from - bufferAt);
    else if (record.kind !== 'irrelevant') handlers.onRecord(record, from - bufferAt);
  }

  /** A line as text, without the text of Codex's own instructions: it is most of a header, 20 kB. */
  #decodeBrief(from: number, to: number): string {
    const { exports } = this.#wasm;
    const instructions = to - from > LONG_LINE ? exports.findInstructions(from, to) : 0;
    if (instructions === 0) return this.#wasm.textAt(from, to - from);
    const rest = exports.instructionsEnd();
    return this.#wasm.textAt(from, instructions - from) + this.#wasm.textAt(rest, to - rest);
  }

  #readUsageRecord(at: number): RolloutRecord {
    if (this.#wordOf(at, ENTRY.flags) !== 0) this.#readIds(at);
    return {
      kind: 'usage_record',
      atMs: this.#timeOf(at),
      threadId: this.#thread,
      turnId: this.#turn,
      rootTurnId: this.#rootTurn,
      responseId: this.#readText(at, ENTRY.key),
      usage: this.#readUsage(at, ENTRY.usage),
    };
  }

  /** A session says the same of many responses. */
  #readIds(at: number): void {
    this.#thread = this.#readText(at, ENTRY.thread);
    this.#turn = this.#readText(at, ENTRY.turn);
    this.#rootTurn = this.#readText(at, ENTRY.rootTurn);
  }

  #readTokenCount(at: number): RolloutRecord {
    const atMs = this.#timeOf(at);
    const total = this.#readUsage(at, ENTRY.usage);
    return { kind: 'token_count', atMs, total, last: this.#readUsage(at, ENTRY.last) };
  }

  #readUsage(at: number, place: number): Usage {
    return {
      ...NO_USAGE,
      input: this.#wordOf(at, place),
      cachedInput: this.#wordOf(at, place + 1),
      cacheWrite: this.#wordOf(at, place + 2),
      output: this.#wordOf(at, place + 3),
      reasoning: this.#wordOf(at, place + 4),
    };
  }

  #readText(at: number, place: number): string {
    return this.#wasm.textAt(this.#wordOf(at, place), this.#wordOf(at, place + 1));
  }

  #wordOf(at: number, place: number): number {
    return this.#wasm.wordAt(at + place * 4);
  }

  #timeOf(at: number): number {
    return this.#wasm.doubleAt(at + ENTRY.atMs * 4);
  }
}
