import type { Phase } from '../usage/phase.js';
import type { Side } from './compare-report.js';
import { type Metrics, mapMetrics, measure, type UnitStatistics } from './compare-units.js';
import { judgeDifference, type Verdict } from './distribution.js';

/**
 * How two amounts differ, as a part of the first: 0.12 is 12 % more. Shares are subtracted instead: 0.12 is 12 percentage
 * points more. Undefined where one is not known, or where the first is 0.
 */
export type Change = Metrics<number | undefined>;

/** How a side differs from its baseline. */
export interface Difference {
  readonly totals: Change;
  readonly perIteration: UnitDifference;
  readonly perCompletedRun: UnitDifference;
  /** Of the phases that both have. */
  readonly phases: ReadonlyMap<Phase, UnitDifference>;
}

export interface UnitDifference {
  readonly medians: Change;
  /** Of the cost; undefined where one side has none, or where both have the same responses at two prices. */
  readonly verdict: Verdict | undefined;
}

export function findDifference(side: Side, baseline: Side): Difference {
  const units = (a: UnitStatistics, b: UnitStatistics) => compareUnits(a, b, side.pricedAs === undefined);
  const phases = side.phases.flatMap(({ phase, perIteration }) => {
    const before = baseline.phases.find((one) => one.phase === phase);
    return before ? [[phase, units(before.perIteration, perIteration)] as const] : [];
  });
  return {
    totals: compareMetrics(measureTotals(baseline), measureTotals(side)),
    perIteration: units(baseline.perIteration, side.perIteration),
    perCompletedRun: units(baseline.perCompletedRun, side.perCompletedRun),
    phases: new Map(phases),
  };
}

export function measureTotals({ totals }: Pick<Side, 'totals'>): Metrics<number | undefined> {
  return measure({ figures: totals, durationMs: undefined });
}

function compareUnits(a: UnitStatistics, b: UnitStatistics, isJudged: boolean): UnitDifference {
  const medians = ({ metrics }: UnitStatistics) => mapMetrics((name) => metrics[name]?.median);
  const [before, after] = [a.metrics.costNanoUsd, b.metrics.costNanoUsd];
  return {
    medians: compareMetrics(medians(a), medians(b)),
    verdict: isJudged && before && after ? judgeDifference(before, after) : undefined,
  };
}

function compareMetrics(a: Metrics<number | undefined>, b: Metrics<number | undefined>): Change {
  return mapMetrics((name) => {
    const [before, after] = [a[name], b[name]];
    if (before === undefined || after === undefined) return undefined;
    if (name === 'cachedShare') return after - before;
    return before === 0 ? undefined : (after - before) / before;
  });
}
