import { ROLLOUT_SCAN } from '../../../build/rollout-scan.js';
import { CHUNK_BYTES } from '../../io/chunks.js';

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
/** The scan looks at so many bytes at once, and may load the last ones from behind the lines. */
const STEP_BYTES = 64;

/** The WebAssembly that scans session files, and its memory. */
export class RolloutWasm {
  readonly exports = instantiate();
  readonly #bufferAt = Math.ceil(this.exports.freeAt() / STEP_BYTES) * STEP_BYTES;
  #views = this.#reserve(CHUNK_BYTES);

  /** Lines in it need not be copied. It is another one after longer lines were scanned. */
  get buffer(): Buffer {
    return this.#views.buffer;
  }

  /** Begins to scan whole lines. Returns their address. */
  begin(lines: Buffer): number {
    const isInMemory = lines.buffer === this.exports.memory.buffer;
    if (!isInMemory) {
      if (lines.length > this.buffer.length) this.#views = this.#reserve(lines.length);
      this.buffer.set(lines);
    }
    const at = isInMemory ? lines.byteOffset : this.#bufferAt;
    this.exports.begin(at, at + lines.length);
    return at;
  }

  wordAt(address: number): number {
    return this.#views.words[address / 4] as number;
  }

  doubleAt(address: number): number {
    return this.#views.doubles[address / 8] as number;
  }

  textAt(address: number, length: number): string {
    return this.#views.bytes.toString('utf8', address, address + length);
  }

  /** Makes room for a buffer of `length` bytes. Where the memory grows for it, earlier views are void. */
  #reserve(length: number): Views {
    const { memory } = this.exports;
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

function instantiate(): Exports {
  const module = new WebAssembly.Module(Buffer.from(ROLLOUT_SCAN, 'base64'));
  return new WebAssembly.Instance(module).exports as unknown as Exports;
}

/** TypeScript declares it for browsers alone. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
};
