import { type ExportedCounter, keyOf } from '../store/exported-counters.js';
import type { CounterMetric, Metric } from './names.js';

export type Labels = Readonly<Record<string, string>>;

/** A value of a metric, in whole units of the record: tokens, responses, nano-USD. Ratios and times are what they are. */
export interface Point {
  readonly labels: Labels;
  readonly value: number;
}

export interface Measured {
  readonly metric: Metric;
  readonly points: readonly Point[];
}

/** Counters with their values in the record. One that has corrections also says how far it is ahead of the record. */
export type Counted = readonly [Metric & Partial<Pick<CounterMetric, 'corrections' | 'kind'>>, readonly Point[]];

/** Returns each counter at the highest value that it ever had, also where the record has nothing of it any more. */
export function hold(counters: readonly Counted[], highest: ReadonlyMap<string, number>) {
  const corrections = new Map<Metric, Point[]>();
  const grown: ExportedCounter[] = [];
  const held = counters.map(([metric, points]): Measured => {
    const values = new Map(points.map(({ labels, value }) => [JSON.stringify(labels), value]));
    const before = listHighest(metric, highest);
    const all = new Set([...values.keys(), ...before.keys()]);
    const heldPoints = [...all].map((key): Point => {
      const [value, most] = [values.get(key) ?? 0, before.get(key)];
      if (most === undefined || value > most) grown.push({ counter: metric.prometheus, labels: key, value });
      const labels = JSON.parse(key) as Labels;
      if (most !== undefined && most > value && metric.corrections) {
        const kind = metric.kind === undefined ? {} : { kind: metric.kind };
        const list = corrections.get(metric.corrections) ?? [];
        corrections.set(metric.corrections, list);
        list.push({ labels: { ...labels, ...kind }, value: most - value });
      }
      return { labels, value: Math.max(value, most ?? 0) };
    });
    return { metric, points: heldPoints };
  });
  return { held, corrections: [...corrections].map(([metric, points]) => ({ metric, points })), grown };
}

function listHighest({ prometheus }: Metric, highest: ReadonlyMap<string, number>): Map<string, number> {
  const prefix = keyOf({ counter: prometheus, labels: '' });
  const entries = [...highest].filter(([key]) => key.startsWith(prefix));
  return new Map(entries.map(([key, value]) => [key.slice(prefix.length), value]));
}
