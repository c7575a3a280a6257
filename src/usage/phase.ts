/** The kinds of work a cost is booked under: the `category` of a cost record. */
export const PHASES = ['builder', 'reviewer', 'chat', 'handoff', 'other'] as const;
export type Phase = (typeof PHASES)[number];

const SYNONYMS: ReadonlyMap<string, Phase> = new Map([
  ['build', 'builder'],
  ['review', 'reviewer'],
]);

/** The phase that is called `written`, by its name or a shorter one; undefined where none is. */
export function findPhase(written: string): Phase | undefined {
  return SYNONYMS.get(written) ?? PHASES.find((known) => known === written);
}
