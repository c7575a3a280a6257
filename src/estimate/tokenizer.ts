import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Worker } from 'node:worker_threads';
import { sliceText } from './slices.js';

/** Counts each of `texts` in tokens. */
export type CountTokens = (texts: readonly string[]) => Promise<number[]>;

/** How much is sent to the thread at once. */
const BATCH_CHARS = 4_000_000;

/**
 * Counts each of `texts` in a thread of its own: loading tiktoken takes 0.3 s, and what Codex writes has to pass
 * meanwhile. The encoding is o200k_base, the newest that OpenAI has published. Special tokens are counted as text and
 * broken UTF-16 as replacement characters. Rejects when tiktoken cannot be loaded.
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

/** What runs in the thread. It is text, not a file: a bundle and the sources have no file in common. */
const THREAD = `
const { parentPort, workerData } = require('node:worker_threads');
const { Tiktoken } = require(workerData.tiktoken);
const { bpe_ranks, special_tokens, pat_str } = require(workerData.ranks);
const encoding = new Tiktoken(bpe_ranks, special_tokens, pat_str);
parentPort.on('message', ({ id, texts }) => {
  parentPort.postMessage({ id, counts: texts.map((text) => encoding.encode(text, [], []).length) });
});
`;

/** What the thread loads: copies beside the bundle, of one encoding alone, or what they are copies of. */
function locateTiktoken(require: NodeJS.Require): { readonly tiktoken: string; readonly ranks: string } {
  const folder = fileURLToPath(new URL('./tiktoken/', import.meta.url));
  if (existsSync(folder)) return { tiktoken: join(folder, 'tiktoken.cjs'), ranks: join(folder, 'o200k_base.json') };
  return {
    tiktoken: require.resolve('tiktoken/lite'),
    ranks: require.resolve('tiktoken/encoders/o200k_base.json'),
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
    const require = createRequire(import.meta.url);
    // Node takes 3 ms to load its threads; most runs need none.
    const { Worker } = require('node:worker_threads') as typeof import('node:worker_threads');
    this.#worker = new Worker(THREAD, { eval: true, execArgv: [], workerData: locateTiktoken(require) });
    this.#worker.on('message', ({ id, counts }: { id: number; counts: number[] }) => this.#settle(id, counts));
    this.#worker.on('error', (cause) => {
      onEnd();
      const error = new Error(`The tokenizer failed: ${cause.message}`, { cause });
      for (const { reject } of this.#requests.values()) reject(error);
      this.#requests.clear();
    });
    // Last, because a listener takes a reference too.
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
