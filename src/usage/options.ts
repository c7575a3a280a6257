/** The units that costs are shown in. `credits`: USD, and beside it credits of a ChatGPT plan, which only Codex uses. */
export const COST_UNITS = ['usd', 'credits'] as const;
export type CostUnit = (typeof COST_UNITS)[number];

/** The forms in which the usage of a run can be written to stdout when Codex has ended: the records that programs look for. */
export const EMIT_FORMS = ['usage', 'turn.completed'] as const;
export type EmitForm = (typeof EMIT_FORMS)[number];

/** The key that marks a line of codex-metered among the lines of Codex's output. */
export const OWN_KEY = 'codex_metered';

/**
 * What becomes of the rows that another program has written into its cost records for our invocations, from its own estimate:
 * our rows replace them, or stand beside them.
 */
export const ESTIMATE_MODES = ['replace', 'keep'] as const;
export type EstimateMode = (typeof ESTIMATE_MODES)[number];

/** Which names token counts have in OTLP: the counters of the conventions 0.1, or the histogram of those from 1.36 to 1.42. */
export const CONVENTIONS = ['genai-0.1', 'gen_ai.client.token.usage'] as const;
export type Conventions = (typeof CONVENTIONS)[number];
