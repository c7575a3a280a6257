import type { ItemContent } from '../usage/session-item.js';
import type { CountTokens } from './tokenizer.js';

export type TokensOf = (content: ItemContent) => number;

/** Codex's own estimate of an image: 7,373 bytes, at 4 bytes a token (`context_manager/history.rs` of Codex). */
const IMAGE_TOKENS = 1844;

/** Counts every content once and returns their tokens. */
export async function countContents(contents: Iterable<ItemContent>, count: CountTokens): Promise<TokensOf> {
  const all = [...new Set(contents)];
  const counts = all.length > 0 ? await count(all.map(({ text }) => text)) : [];
  const tokens = new Map(all.map((content, index) => [content, tokensIn(content, counts[index] ?? 0)]));
  return (content) => tokens.get(content) ?? 0;
}

/**
 * What is encrypted cannot be counted, so its length has to do, as in Codex's own estimate: of base64 three bytes in
 * four, less an envelope of 650 bytes for reasoning and nine sixteenths for messages, at 4 bytes a token. Reasoning
 * stands there as a summary too; the larger of both figures counts.
 */
function tokensIn({ kind, sealedChars, images }: ItemContent, textTokens: number): number {
  if (kind === 'reasoning') return Math.max(textTokens, Math.ceil(Math.max(0, (sealedChars * 3) / 4 - 650) / 4));
  return textTokens + Math.ceil((sealedChars * 9) / 16 / 4) + images * IMAGE_TOKENS;
}
