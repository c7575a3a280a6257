import { listModelNames } from './model-name.js';

/**
 * Models that Codex 0.171 offers in its own catalogue (`codex debug models`) and that have no known price, with the reason.
 * A test holds the catalogue of the pinned Codex against the prices and this list, so that a new model shows.
 */
export const UNPRICED_MODELS: ReadonlyMap<string, string> = new Map([
  ['codex-auto-review', 'It is the model that reviews for Codex itself, and OpenAI publishes no price of it.'],
  [
    'gpt-daybreak-blue-latest',
    'It is an alias that OpenAI points at other models over time: at gpt-5.6-sol in August 2026, later ones are not known.',
  ],
  [
    'gpt-daybreak-red-latest',
    'It is an alias that OpenAI points at other models over time: at gpt-5.6-cyber in August 2026, later ones are not known.',
  ],
]);

/** Why a model that is known by name has no price; undefined when it is not in the list. */
export function explainUnpriced(model: string): string | undefined {
  return listModelNames(model)
    .map((name) => UNPRICED_MODELS.get(name))
    .find((reason) => reason !== undefined);
}
