/**
 * What becomes of the rows that another program writes into its cost records for our invocations, by what it can tell
 * itself: ours take their place, or they stay beside ours.
 */
export const ESTIMATE_MODES = ['replace', 'keep'] as const;
export type EstimateMode = (typeof ESTIMATE_MODES)[number];
