import { ROLLOUT_SCAN } from '../../build/rollout-scan.js';
import type { Usage } from '../usage/usage.js';
import type { RolloutRecord } from './codex-rollout.js';

/** What `RolloutScanner` finds. */
export interface RolloutHandlers {
  onRecord(record: RolloutRecord): void;
  /** A line that must be read elsewhere. `silence`: whether it may be one that says nothing of usage. */
  onLine(bytes: Buffer, start: number, end: number, silence: 'possible' | 'none'): void;
}

/** What wasm/rollout-scan.ts exports. Places are addresses in its memory. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  freeAt(): number;
  entriesAt(): number;
  begin(): void;
  scan(from: number, to: number): number;
  position(): number;
}

/** All of it in the forms in which it is read, and the part of it that is to be scanned. */
interface Memory {
  readonly bytes: Buffer;
  readonly words: Int32Array;
  readonly times: Float64Array;
  readonly buffer: Buffer;
}

/** What stands where in an entry, in words of four bytes; the time takes two of them. */
const ENTRY_BYTES = 96;
const ENTRY = {
  kind: 0,
  start: 1,
  end: 2,
  changed: 3,
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

const PAGE_BYTES = 65_536;
const BUFFER_BYTES = 64 * 1024;
/** So many bytes are looked at at once. */
const STEP_BYTES = 64;

/**
 * Tells the lines of a session file that say something of usage from the others, and reads those that are many, by
 * WebAssembly: a history has lines by the million. The records are those of codex-rollout, but for how full the context
 * is and what is left of rate limits.
 */
export class RolloutScanner {
  readonly #exports = instantiate();
  readonly #entriesAt = this.#exports.entriesAt();
  readonly #bufferAt = Math.ceil(this.#exports.freeAt() / STEP_BYTES) * STEP_BYTES;
  #memory = this.#reserve(BUFFER_BYTES);
  #thread = '';
  #turn = '';
  #rootTurn = '';

  /** What is to be scanned is put here. It is another one after `grow`. */
  get buffer(): Buffer {
    return this.#memory.buffer;
  }

  /** Begins with another file. */
  begin(): void {
    this.#exports.begin();
  }

  /** Takes the whole lines between `start` and `end` of the buffer. Returns where the rest begins. */
  take(start: number, end: number, handlers: RolloutHandlers): number {
    let from = this.#bufferAt + start;
    const to = this.#bufferAt + end;
    for (;;) {
      const count = this.#exports.scan(from, to);
      from = this.#exports.position();
      if (count === 0) return from - this.#bufferAt;
      this.#tell(count, handlers);
    }
  }

  /** Makes room for twice as much. What is in the buffer stays. */
  grow(): void {
    this.#memory = this.#reserve(2 * this.buffer.length);
  }

  /** Sees to a buffer of `length` bytes. What was seen of the memory before is void when it grows. */
  #reserve(length: number): Memory {
    const { memory } = this.#exports;
    const missing = this.#bufferAt + length + STEP_BYTES - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
    const bytes = Buffer.from(memory.buffer);
    return {
      bytes,
      words: new Int32Array(memory.buffer),
      times: new Float64Array(memory.buffer),
      buffer: bytes.subarray(this.#bufferAt, this.#bufferAt + length),
    };
  }

  #tell(count: number, { onRecord, onLine }: RolloutHandlers): void {
    for (let index = 0; index < count; index++) {
      const at = this.#entriesAt + index * ENTRY_BYTES;
      const kind = this.#wordOf(at, ENTRY.kind);
      if (kind === USAGE_RECORD) onRecord(this.#readUsageRecord(at));
      else if (kind === TOKEN_COUNT) onRecord(this.#readTokenCount(at));
      else {
        const [start, end] = [this.#wordOf(at, ENTRY.start), this.#wordOf(at, ENTRY.end)];
        onLine(this.buffer, start - this.#bufferAt, end - this.#bufferAt, kind === LINE ? 'possible' : 'none');
      }
    }
  }

  #readUsageRecord(at: number): RolloutRecord {
    if (this.#wordOf(at, ENTRY.changed) !== 0) this.#readIds(at);
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
      input: this.#wordOf(at, place),
      cachedInput: this.#wordOf(at, place + 1),
      cacheWrite: this.#wordOf(at, place + 2),
      output: this.#wordOf(at, place + 3),
      reasoning: this.#wordOf(at, place + 4),
    };
  }

  #readText(at: number, place: number): string {
    const start = this.#wordOf(at, place);
    return this.#memory.bytes.toString('utf8', start, start + this.#wordOf(at, place + 1));
  }

  #wordOf(at: number, place: number): number {
    return this.#memory.words[at / 4 + place] as number;
  }

  #timeOf(at: number): number {
    return this.#memory.times[(at / 4 + ENTRY.atMs) / 2] as number;
  }
}

function instantiate(): Exports {
  const module = new WebAssembly.Module(Buffer.from(ROLLOUT_SCAN, 'base64'));
  return new WebAssembly.Instance(module).exports as unknown as Exports;
}

/** TypeScript knows it in browsers alone. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
};
