import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { requireFrom } from '../node/require.js';

/** Returns the number of tokens of each text. */
export type CountTokens = (texts: readonly string[]) => Promise<number[]>;

/** How many characters are sent to the thread at once. */
const BATCH_CHARS = 4_000_000;

/**
 * Counts in a thread, because loading tiktoken takes 0.3 s and Codex's output has to pass meanwhile. The encoding is
 * o200k_base, the newest that OpenAI has published. Special tokens are counted as text, and broken UTF-16 as replacement
 * characters. Rejects when tiktoken cannot be loaded.
 */
export const countTokens: CountTokens = async (texts) => {
  const slices = texts.map(sliceText);
  const counts = await countEach(new Set(slices.flat().map(({ text }) => text)));
  return slices.map((ofText) =>
    Math.round(ofText.reduce((tokens, { text, times }) => tokens + times * (counts.get(text) ?? 0), 0)),
  );
};

async function countEach(texts: ReadonlySet<string>): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  for (const batch of batches(texts)) {
    const counted = await openThread().count(batch);
    batch.forEach((text, index) => {
      counts.set(text, counted[index] ?? 0);
    });
  }
  return counts;
}

function* batches(texts: Iterable<string>): Generator<string[]> {
  let batch: string[] = [];
  let chars = 0;
  for (const text of texts) {
    batch.push(text);
    chars += text.length;
    if (chars < BATCH_CHARS) continue;
    yield batch;
    [batch, chars] = [[], 0];
  }
  if (batch.length > 0) yield batch;
}

/** The program of the thread. It is text and not a file, because the bundle and the sources have no file in common. */
const THREAD = `
const { parentPort, workerData } = require('node:worker_threads');
const { Tiktoken } = require(workerData.tiktoken);
const { bpe_ranks, special_tokens, pat_str } = require(workerData.ranks);
const encoding = new Tiktoken(bpe_ranks, special_tokens, pat_str);
parentPort.on('message', ({ id, texts }) => {
  parentPort.postMessage({ id, counts: texts.map((text) => encoding.encode(text, [], []).length) });
});
`;

/** Returns the files that the thread loads: the copies beside the bundle, or in the sources those of the package. */
function locateTiktoken(requireHere: NodeJS.Require): { readonly tiktoken: string; readonly ranks: string } {
  const folder = fileURLToPath(new URL('./tiktoken/', import.meta.url));
  if (existsSync(folder)) return { tiktoken: join(folder, 'tiktoken.cjs'), ranks: join(folder, 'o200k_base.json') };
  return {
    tiktoken: requireHere.resolve('tiktoken/lite'),
    ranks: requireHere.resolve('tiktoken/encoders/o200k_base.json'),
  };
}

interface Request {
  readonly resolve: (counts: number[]) => void;
  readonly reject: (error: Error) => void;
}

class TokenizerThread {
  readonly #requests = new Map<number, Request>();
  readonly #worker: Worker;
  #lastId = 0;

  constructor(onEnd: () => void) {
    const requireHere = requireFrom(import.meta.url);
    // Loading this module takes 3 ms, and most runs do not need it.
    const { Worker } = requireHere('node:worker_threads') as typeof import('node:worker_threads');
    this.#worker = new Worker(THREAD, { eval: true, execArgv: [], workerData: locateTiktoken(requireHere) });
    this.#worker.on('message', ({ id, counts }: { id: number; counts: number[] }) => this.#settle(id, counts));
    this.#worker.on('error', (cause) => {
      onEnd();
      const error = new Error(`The tokenizer failed: ${cause.message}`, { cause });
      for (const { reject } of this.#requests.values()) reject(error);
      this.#requests.clear();
    });
    // This must follow the listeners, because each of them keeps the process alive.
    this.#worker.unref();
  }

  count(texts: string[]): Promise<number[]> {
    return new Promise((resolve, reject) => {
      const id = ++this.#lastId;
      this.#requests.set(id, { resolve, reject });
      this.#worker.ref();
      this.#worker.postMessage({ id, texts });
    });
  }

  #settle(id: number, counts: number[]): void {
    this.#requests.get(id)?.resolve(counts);
    this.#requests.delete(id);
    if (this.#requests.size === 0) this.#worker.unref();
  }
}

let thread: TokenizerThread | undefined;

function openThread(): TokenizerThread {
  thread ??= new TokenizerThread(() => {
    thread = undefined;
  });
  return thread;
}

/** A part of a text, and how often it counts. */
export interface Slice {
  readonly text: string;
  readonly times: number;
}

/** tiktoken's time grows with the square of the length of a word: 2 ms for 1,000 letters, 15 s for 100,000. */
const SLICE_CHARS = 512;
/** A longer text is estimated from slices that are spread over it. */
const LIMIT_CHARS = 1_000_000;

/**
 * Cuts `text` into slices that are quick to count. It cuts before a blank, which no token of OpenAI's encodings spans, or else
 * anywhere, which adds at most a token or two in 512 characters.
 */
export function sliceText(text: string): Slice[] {
  const parts = Math.ceil(text.length / LIMIT_CHARS);
  const slices: string[] = [];
  let countedChars = 0;
  for (let start = 0; start < text.length; ) {
    const end = findCut(text, start);
    slices.push(text.slice(start, end));
    countedChars += end - start;
    start = end + (parts - 1) * SLICE_CHARS;
  }
  return slices.map((slice) => ({ text: slice, times: text.length / countedChars }));
}

function findCut(text: string, start: number): number {
  const end = start + SLICE_CHARS;
  if (end >= text.length) return text.length;
  for (let cut = end; cut > start + SLICE_CHARS / 2; cut--) {
    if (text[cut] === ' ' && /\S/.test(text[cut - 1] ?? '')) return cut;
  }
  return isHighSurrogate(text.charCodeAt(end - 1)) ? end - 1 : end;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit < 0xdc00;
}
