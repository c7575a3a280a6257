import type { Column } from './figures.js';

export interface Timing {
  readonly ms: number;
  /** Of the process and of all that it waited for, where it was asked for: less noisy than time on a busy machine. */
  readonly cpuMs: number;
}

/** Runs once what is measured and says what it took. */
export type Measure = () => Promise<Timing>;

export interface Rounds<Name extends string> {
  readonly columns: readonly Column[];
  /** One quotient per round, made from what was measured in that round. */
  quotients(divide: (round: Readonly<Record<Name, Timing>>) => number): number[];
}

/** Measures all in turns (A B C, A B C, …), so that what else the machine does meets them alike. Warm-ups do not count. */
export async function measureInTurns<Name extends string>(
  measures: Readonly<Record<Name, Measure>>,
  { rounds, warmUps }: { rounds: number; warmUps: number },
): Promise<Rounds<Name>> {
  const names = Object.keys(measures) as Name[];
  const taken: Record<Name, Timing>[] = [];
  for (let round = -warmUps; round < rounds; round++) {
    const timings = {} as Record<Name, Timing>;
    for (const name of names) timings[name] = await measures[name]();
    if (round >= 0) taken.push(timings);
  }
  return {
    columns: names.map((name) => ({ name, samplesMs: taken.map((timings) => timings[name].ms) })),
    quotients: (divide) => taken.map(divide),
  };
}
