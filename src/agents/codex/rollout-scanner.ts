import { NO_USAGE, type Usage } from '../../usage/usage.js';
import type { RolloutRecord } from './rollout.js';
import { RolloutWasm } from './rollout-wasm.js';

/** The functions that the scanner calls with what it finds in a session file. `number` is that of the line. */
export interface RolloutHandlers {
  readonly onRecord: (record: RolloutRecord, number: number) => void;
  /** Takes a line that the scanner does not read, and which may say something of usage. */
  readonly onLine: (line: Buffer, number: number) => void;
}

/**
 * The offset of each field in an entry that the scanner writes, in words of four bytes; the time takes two of them.
 * wasm/entry.ts has the same offsets in bytes.
 */
const ENTRY_BYTES = 104;
const ENTRY = {
  kind: 0,
  start: 1,
  end: 2,
  flags: 3,
  thread: 4,
  turn: 6,
  rootTurn: 8,
  responseId: 10,
  atMs: 12,
  usage: 14,
  last: 19,
  linesBefore: 24,
};
const USAGE_RECORD = 1;
const TOKEN_COUNT = 2;

/**
 * Reads the two records that are frequent in session files by WebAssembly, for imports: a history has lines by the million.
 * It returns the records of rollout.ts, but without how full the context is and without rate limits.
 */
export class RolloutScanner {
  readonly #wasm = new RolloutWasm();
  readonly #entriesAt = this.#wasm.exports.entriesAt();
  #thread = '';
  #turn = '';
  #rootTurn = '';

  /** Lines in it need not be copied. It is another one after longer lines were scanned. */
  get buffer(): Buffer {
    return this.#wasm.buffer;
  }

  /** Begins with another file. */
  begin(): void {
    this.#wasm.exports.forgetIds();
  }

  /** Takes whole lines, of which the first has the number `first`. Returns how many they are. */
  scan(lines: Buffer, first: number, handlers: RolloutHandlers): number {
    const { exports } = this.#wasm;
    const linesAt = this.#wasm.begin(lines);
    for (let count = exports.scan(); count > 0; count = exports.scan()) {
      for (let index = 0; index < count; index++) {
        const at = this.#entriesAt + index * ENTRY_BYTES;
        const number = first + this.#wordOf(at, ENTRY.linesBefore);
        const kind = this.#wordOf(at, ENTRY.kind);
        if (kind === USAGE_RECORD) handlers.onRecord(this.#readUsageRecord(at), number);
        else if (kind === TOKEN_COUNT) handlers.onRecord(this.#readTokenCount(at), number);
        else {
          const start = this.#wordOf(at, ENTRY.start) - linesAt;
          handlers.onLine(lines.subarray(start, this.#wordOf(at, ENTRY.end) - linesAt), number);
        }
      }
    }
    return exports.lineCount();
  }

  #readUsageRecord(at: number): RolloutRecord {
    if (this.#wordOf(at, ENTRY.flags) !== 0) this.#readIds(at);
    return {
      kind: 'usage_record',
      atMs: this.#timeOf(at),
      threadId: this.#thread,
      turnId: this.#turn,
      rootTurnId: this.#rootTurn,
      responseId: this.#readText(at, ENTRY.responseId),
      usage: this.#readUsage(at, ENTRY.usage),
    };
  }

  /** Many responses in a row have the same ids. */
  #readIds(at: number): void {
    this.#thread = this.#readText(at, ENTRY.thread);
    this.#turn = this.#readText(at, ENTRY.turn);
    this.#rootTurn = this.#readText(at, ENTRY.rootTurn);
  }

  #readTokenCount(at: number): RolloutRecord {
    const total = this.#readUsage(at, ENTRY.usage);
    const last = this.#readUsage(at, ENTRY.last);
    return { kind: 'token_count', atMs: this.#timeOf(at), total, last, context: undefined, rateLimits: undefined };
  }

  #readUsage(at: number, field: number): Usage {
    return {
      ...NO_USAGE,
      input: this.#wordOf(at, field),
      cachedInput: this.#wordOf(at, field + 1),
      cacheWrite: this.#wordOf(at, field + 2),
      output: this.#wordOf(at, field + 3),
      reasoning: this.#wordOf(at, field + 4),
    };
  }

  #readText(at: number, field: number): string {
    return this.#wasm.textAt(this.#wordOf(at, field), this.#wordOf(at, field + 1));
  }

  #wordOf(at: number, field: number): number {
    return this.#wasm.wordAt(at + field * 4);
  }

  #timeOf(at: number): number {
    return this.#wasm.doubleAt(at + ENTRY.atMs * 4);
  }
}
