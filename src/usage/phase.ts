/** The kinds of work a cost is booked under: the `category` of a cost record. */
export const PHASES = ['builder', 'reviewer', 'chat', 'handoff', 'other'] as const;
export type Phase = (typeof PHASES)[number];
