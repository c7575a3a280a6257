import type { ContextItem, ItemContent } from '../usage/session-item.js';
import type { CountTokens } from './tokenizer.js';

export type TokensOf = (content: ItemContent) => number;

/** Codex's own estimate of an image: 7,373 bytes, at 4 bytes a token (`context_manager/history.rs` of Codex). */
const IMAGE_TOKENS = 1844;

/** Counts every content once. Returns the lookup of their tokens. */
export async function countContents(contents: Iterable<ItemContent>, count: CountTokens): Promise<TokensOf> {
  const all = [...new Set(contents)];
  const counts = all.length > 0 ? await count(all.map(({ text }) => text)) : [];
  const tokens = new Map(all.map((content, index) => [content, tokensIn(content, counts[index] ?? 0)]));
  return (content) => tokens.get(content) ?? 0;
}

/**
 * Encrypted content is estimated by its length, as in Codex's own estimate: three bytes for four characters of base64, less an envelope
 * of 650 bytes for reasoning, and nine sixteenths of the length for messages, at 4 bytes a token. Reasoning has a readable
 * summary too; the larger of both figures counts.
 */
function tokensIn({ kind, sealedChars, images }: ItemContent, textTokens: number): number {
  if (kind === 'reasoning') return Math.max(textTokens, Math.ceil(Math.max(0, (sealedChars * 3) / 4 - 650) / 4));
  return textTokens + Math.ceil((sealedChars * 9) / 16 / 4) + images * IMAGE_TOKENS;
}

/** The tokens of a conversation up to each of its items. */
export class CountedContext {
  /** The tokens of the first `n` items, at `n`. */
  readonly #totals = [0];
  readonly #instructionsAt: number;
  readonly #toolsAt: number;

  constructor(items: readonly ContextItem[], instructions: string | undefined, tokensOf: TokensOf) {
    let total = 0;
    for (const { content } of items) {
      total += tokensOf(content);
      this.#totals.push(total);
    }
    this.#instructionsAt = items.findIndex(({ content }) => content.text === instructions);
    this.#toolsAt = items.findIndex(({ from }) => from === 'tool_list');
  }

  tokensOf(length: number): number {
    return this.#totals[length] ?? 0;
  }

  holdsInstructions(length: number): boolean {
    return isWithin(this.#instructionsAt, length);
  }

  holdsTools(length: number): boolean {
    return isWithin(this.#toolsAt, length);
  }
}

function isWithin(index: number, length: number): boolean {
  return index !== -1 && index < length;
}
