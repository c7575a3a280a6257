import { ROLLOUT_SCAN } from '../../../build/rollout-scan.js';
import { CHUNK_BYTES } from '../../io/chunks.js';
import type { Usage } from '../../usage/usage.js';
import type { RolloutRecord } from './rollout.js';

/** The functions that the scanner calls with what it finds in a session file. `number` is that of the line. */
export interface RolloutHandlers {
  readonly onRecord: (record: RolloutRecord, number: number) => void;
  /** Takes a line that the scanner does not read, and which may say something of usage. */
  readonly onLine: (line: Buffer, number: number) => void;
}

/** The exports of the module that wasm/rollout-scan.ts is compiled to. `freeAt`, `entriesAt`, `from` and `to` are addresses in its memory. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  freeAt(): number;
  entriesAt(): number;
  forgetIds(): void;
  begin(from: number, to: number): void;
  scan(): number;
  lineCount(): number;
}

/** The memory in the forms in which it is read, and the part of it for the lines. */
interface Views {
  readonly bytes: Buffer;
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly buffer: Buffer;
}

const PAGE_BYTES = 65_536;
/** The scan reads so many bytes at once, and may load the last ones from behind the lines. */
const STEP_BYTES = 64;

/**
 * The offset of each field in an entry that the scanner writes, in words of four bytes; the time takes two of them.
 * wasm/entry.ts has the same offsets in bytes.
 */
const ENTRY_WORDS = 26;
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
  readonly #wasm = instantiate();
  readonly #entriesAt = this.#wasm.entriesAt() / 4;
  readonly #bufferAt = Math.ceil(this.#wasm.freeAt() / STEP_BYTES) * STEP_BYTES;
  #views = this.#reserve(CHUNK_BYTES);
  #thread = '';
  #turn = '';
  #rootTurn = '';

  /** Lines in this buffer need not be copied. After longer lines were scanned, it is another buffer. */
  get buffer(): Buffer {
    return this.#views.buffer;
  }

  /** Begins with another file. */
  begin(): void {
    this.#wasm.forgetIds();
  }

  /** Takes whole lines, of which the first has the number `first`. Returns how many they are. */
  scan(lines: Buffer, first: number, handlers: RolloutHandlers): number {
    const linesAt = this.#copyIn(lines);
    const { words } = this.#views;
    this.#wasm.begin(linesAt, linesAt + lines.length);
    for (let count = this.#wasm.scan(); count > 0; count = this.#wasm.scan()) {
      const endAt = this.#entriesAt + count * ENTRY_WORDS;
      for (let at = this.#entriesAt; at < endAt; at += ENTRY_WORDS) {
        const number = first + wordAt(words, at + ENTRY.linesBefore);
        const kind = words[at + ENTRY.kind];
        if (kind === USAGE_RECORD) handlers.onRecord(this.#readUsageRecord(at), number);
        else if (kind === TOKEN_COUNT) handlers.onRecord(this.#readTokenCount(at), number);
        else {
          const start = wordAt(words, at + ENTRY.start) - linesAt;
          handlers.onLine(lines.subarray(start, wordAt(words, at + ENTRY.end) - linesAt), number);
        }
      }
    }
    return this.#wasm.lineCount();
  }

  /** Copies lines into the memory unless they are there already. Returns their address. */
  #copyIn(lines: Buffer): number {
    if (lines.buffer === this.#wasm.memory.buffer) return lines.byteOffset;
    if (lines.length > this.buffer.length) this.#views = this.#reserve(lines.length);
    this.buffer.set(lines);
    return this.#bufferAt;
  }

  #readUsageRecord(at: number): RolloutRecord {
    const { words, doubles } = this.#views;
    if (words[at + ENTRY.flags] !== 0) this.#readIds(at);
    return {
      kind: 'usage_record',
      atMs: doubles[(at + ENTRY.atMs) / 2] as number,
      threadId: this.#thread,
      turnId: this.#turn,
      rootTurnId: this.#rootTurn,
      responseId: this.#readText(at + ENTRY.responseId),
      usage: readUsage(words, at + ENTRY.usage),
    };
  }

  /** Many responses in a row have the same ids. */
  #readIds(at: number): void {
    this.#thread = this.#readText(at + ENTRY.thread);
    this.#turn = this.#readText(at + ENTRY.turn);
    this.#rootTurn = this.#readText(at + ENTRY.rootTurn);
  }

  #readTokenCount(at: number): RolloutRecord {
    const { words, doubles } = this.#views;
    return {
      kind: 'token_count',
      atMs: doubles[(at + ENTRY.atMs) / 2] as number,
      total: readUsage(words, at + ENTRY.usage),
      last: readUsage(words, at + ENTRY.last),
      context: undefined,
      rateLimits: undefined,
    };
  }

  /** Reads a text of which the entry has the address and the length. */
  #readText(at: number): string {
    const { words, bytes } = this.#views;
    const start = wordAt(words, at);
    return bytes.toString('utf8', start, start + wordAt(words, at + 1));
  }

  /** Makes room for a buffer of `length` bytes. Where the memory grows for it, earlier views are void. */
  #reserve(length: number): Views {
    const { memory } = this.#wasm;
    const missing = this.#bufferAt + length + STEP_BYTES - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
    const bytes = Buffer.from(memory.buffer);
    return {
      bytes,
      words: new Int32Array(memory.buffer),
      doubles: new Float64Array(memory.buffer),
      buffer: bytes.subarray(this.#bufferAt, this.#bufferAt + length),
    };
  }
}

function readUsage(words: Int32Array, at: number): Usage {
  return {
    input: wordAt(words, at),
    cachedInput: wordAt(words, at + 1),
    cacheWrite: wordAt(words, at + 2),
    output: wordAt(words, at + 3),
    reasoning: wordAt(words, at + 4),
  };
}

function wordAt(words: Int32Array, at: number): number {
  return words[at] as number;
}

function instantiate(): Exports {
  const module = new WebAssembly.Module(Buffer.from(ROLLOUT_SCAN, 'base64'));
  return new WebAssembly.Instance(module).exports as unknown as Exports;
}

/** TypeScript declares it for browsers alone. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
};
