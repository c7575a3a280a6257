import type { ContextItem } from '../usage/session-item.js';
import type { TokensOf } from './content-tokens.js';

/** A conversation of which every beginning can be asked for its tokens. */
export class CountedContext {
  /** At `n`: the tokens of the first `n` items. */
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

function isWithin(place: number, length: number): boolean {
  return place !== -1 && place < length;
}
