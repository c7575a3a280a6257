import { ROLLOUT_SCAN } from '../../../build/rollout-scan.js';

/** What wasm/rollout-scan.ts exports. Positions are addresses in its memory. */
interface Exports {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number };
  freeAt(): number;
  entriesAt(): number;
  forgetIds(): void;
  begin(from: number, to: number): void;
  scan(): number;
  lineCount(): number;
}

const PAGE_BYTES = 65_536;
/** The scan looks at so many bytes at once, and may load the last ones from behind the lines. */
const STEP_BYTES = 64;

/** The WebAssembly that scans session files, and its memory. */
export class RolloutWasm {
  readonly exports = instantiate();
  readonly #linesAt = Math.ceil(this.exports.freeAt() / STEP_BYTES) * STEP_BYTES;
  #bytes = Buffer.from(this.exports.memory.buffer);
  #words = new Int32Array(this.exports.memory.buffer);
  #doubles = new Float64Array(this.exports.memory.buffer);

  /** Puts whole lines into the memory and begins to scan them. Returns their address. */
  begin(lines: Buffer): number {
    const end = this.#linesAt + lines.length;
    if (end + STEP_BYTES > this.#bytes.length) this.#grow(end + STEP_BYTES);
    this.#bytes.set(lines, this.#linesAt);
    this.exports.begin(this.#linesAt, end);
    return this.#linesAt;
  }

  wordAt(address: number): number {
    return this.#words[address / 4] as number;
  }

  doubleAt(address: number): number {
    return this.#doubles[address / 8] as number;
  }

  textAt(address: number, length: number): string {
    return this.#bytes.toString('utf8', address, address + length);
  }

  /** The memory is another buffer afterwards. */
  #grow(bytes: number): void {
    const { memory } = this.exports;
    memory.grow(Math.ceil((bytes - memory.buffer.byteLength) / PAGE_BYTES));
    this.#bytes = Buffer.from(memory.buffer);
    this.#words = new Int32Array(memory.buffer);
    this.#doubles = new Float64Array(memory.buffer);
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
