/** The kinds of work that an invocation can be attributed to: the `category` of a cost record. */
export const PHASES = ['builder', 'reviewer', 'chat', 'handoff', 'other'] as const;
export type Phase = (typeof PHASES)[number];

const SYNONYMS: ReadonlyMap<string, Phase> = new Map([
  ['build', 'builder'],
  ['review', 'reviewer'],
]);

/** Returns the phase with the name or the short name `written`, or undefined when there is none. */
export function findPhase(written: string): Phase | undefined {
  return SYNONYMS.get(written) ?? PHASES.find((known) => known === written);
}
