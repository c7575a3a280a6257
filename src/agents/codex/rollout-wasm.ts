import { ROLLOUT_SCAN } from '../../../build/rollout-scan.js';

/** What wasm/ exports. Places are addresses in its memory. */
export interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  freeAt(): number;
  entriesAt(): number;
  begin(): void;
  scan(from: number, to: number): number;
  position(): number;
  isSilent(from: number, to: number): boolean;
  findInstructions(from: number, to: number): number;
  instructionsEnd(): number;
}

/** The memory in the forms in which it is read, and the part of it that is to be scanned. */
interface Views {
  readonly bytes: Buffer;
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly buffer: Buffer;
}

const PAGE_BYTES = 65_536;
/** As much as stays in the cache of a processor core while it is looked at. */
const BUFFER_BYTES = 96 * 1024;
/** So many bytes are looked at at once. */
const STEP_BYTES = 64;

/** The WebAssembly that scans session files, and its memory. */
export class RolloutWasm {
  readonly exports = instantiate();
  readonly bufferAt = Math.ceil(this.exports.freeAt() / STEP_BYTES) * STEP_BYTES;
  #views = this.#reserve(BUFFER_BYTES);

  /** What is to be scanned is put here. It is another one after `grow`. */
  get buffer(): Buffer {
    return this.#views.buffer;
  }

  /** Makes room for twice as much. What is in the buffer stays. */
  grow(): void {
    this.#views = this.#reserve(2 * this.buffer.length);
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

  /** Sees to a buffer of `length` bytes. What was seen of the memory before is void when it grows. */
  #reserve(length: number): Views {
    const { memory } = this.exports;
    const missing = this.bufferAt + length + STEP_BYTES - memory.buffer.byteLength;
    if (missing > 0) memory.grow(Math.ceil(missing / PAGE_BYTES));
    const bytes = Buffer.from(memory.buffer);
    return {
      bytes,
      words: new Int32Array(memory.buffer),
      doubles: new Float64Array(memory.buffer),
      buffer: bytes.subarray(this.bufferAt, this.bufferAt + length),
    };
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
