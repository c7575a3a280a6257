import type { Column } from './figures.js';

/** Runs once what is measured and returns how long it took. */
export type Measure = () => Promise<number>;

export interface Rounds<Name extends string> {
  readonly columns: readonly Column[];
  /** One quotient per round, made from the times of that round. */
  quotients(divide: (timesMs: Readonly<Record<Name, number>>) => number): number[];
}

/** Measures all in turns (A B C, A B C, …), so that what else the machine does meets them alike. Warm-ups do not count. */
export async function measureInTurns<Name extends string>(
  measures: Readonly<Record<Name, Measure>>,
  { rounds, warmUps }: { rounds: number; warmUps: number },
): Promise<Rounds<Name>> {
  const names = Object.keys(measures) as Name[];
  const times: Record<Name, number>[] = [];
  for (let round = -warmUps; round < rounds; round++) {
    const timesMs = {} as Record<Name, number>;
    for (const name of names) timesMs[name] = await measures[name]();
    if (round >= 0) times.push(timesMs);
  }
  return {
    columns: names.map((name) => ({ name, samplesMs: times.map((timesMs) => timesMs[name]) })),
    quotients: (divide) => times.map(divide),
  };
}
