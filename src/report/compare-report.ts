import {
  type ComparedFilter,
  type ComparedInvocationRow,
  type ComparedUsageRow,
  iterateCompared,
  readComparedInvocations,
  readComparedUsage,
} from '../store/compare-queries.js';
import type { Connection } from '../store/open.js';
import { PHASES, type Phase } from '../usage/phase.js';
import { isUnpriced, type ModelResponse, type Note, type PricedResponse } from '../usage/record.js';
import type { Operand } from './compare-operand.js';
import {
  type Change,
  type ComparedUnits,
  compareTotals,
  compareUnits,
  countOutcomes,
  describeUnits,
  type InvocationPart,
  keyOfIteration,
  keyOfRun,
  listUnits,
  type Outcomes,
  type Unit,
} from './compare-units.js';
import { ReportError } from './error.js';
import { type Figures, figuresOfModel, type Summary, summarise, sumParts } from './figures.js';
import { groupBy } from './groups.js';
import { explainEmpty } from './period-range.js';

export interface Comparison {
  /** The first one is the baseline. The same at another model's price come last, in the same order. */
  readonly sides: readonly Side[];
  /** Why some responses have no price at that model's price, once each. */
  readonly unpricedReasons: readonly string[];
}

export interface Side extends Summary {
  /** A letter, and `'` after it at another model's price. */
  readonly name: string;
  readonly operand: Operand;
  /** The model at whose price the same responses are priced; undefined for what they were recorded with. */
  readonly pricedAs: string | undefined;
  /** What this one is compared with; undefined for the first one. */
  readonly baseline: Side | undefined;
  readonly change: Change | undefined;
  readonly invocations: Outcomes;
  /** How the runs and the iterations ended: as the last of their invocations did. */
  readonly runs: Outcomes;
  readonly iterations: Outcomes;
  /** Responses that are assigned to no invocation: they are in the totals alone. */
  readonly unassignedResponses: number;
  readonly perIteration: ComparedUnits;
  readonly perCompletedRun: ComparedUnits;
  readonly phases: readonly {
    readonly phase: Phase;
    readonly figures: Figures;
    readonly perIteration: ComparedUnits;
  }[];
}

/** Prices responses as if `model` had given them. */
export interface OtherPrice {
  readonly model: string;
  readonly price: (response: ModelResponse) => { readonly response: PricedResponse; readonly notes: readonly Note[] };
}

/**
 * Compares `operands` with the first of them, and each with itself at the price of another model. Call it within a snapshot.
 * Throws a ReportError when there is nothing of one of them, and a StoreError.
 */
export function readComparison(
  connection: Connection,
  operands: readonly Operand[],
  other: OtherPrice | undefined,
): Comparison {
  const reasons = new Set<string>();
  const recorded = operands.map((operand) => readOperandUsage(connection, operand));
  const sides: Side[] = [];
  for (const [index, one] of recorded.entries()) sides.push(describeSide(one, index, sides[0]));
  if (!other) return { sides, unpricedReasons: [] };
  const repriced = recorded.map((one, index) => {
    const usage = repriceAll(connection, one, other, reasons);
    return describeSide({ ...one, usage }, index, sides[index], other.model);
  });
  return { sides: [...sides, ...repriced], unpricedReasons: [...reasons] };
}

interface OperandUsage {
  readonly operand: Operand;
  readonly usage: readonly ComparedUsageRow[];
  /** What the operand means, oldest first. */
  readonly members: readonly ComparedInvocationRow[];
  /** The same, and those that its days or its model leave out. */
  readonly matching: readonly ComparedInvocationRow[];
  /** All invocations of the runs of `members`. */
  readonly ofRuns: readonly ComparedInvocationRow[];
}

function readOperandUsage(connection: Connection, operand: Operand): OperandUsage {
  const { filter } = operand;
  const usage = readComparedUsage(connection, filter);
  const using = new Set(usage.map(({ invocationId }) => invocationId));
  const invocations = readComparedInvocations(connection, filter);
  const matching = invocations.filter((one) => matches(one, filter));
  const members = matching.filter(
    (one) => using.has(one.id) || (filter.model === undefined && startsWithin(one, filter)),
  );
  if (usage.length + members.length === 0) throw explainNothing(connection, operand);
  const runs = new Set(members.map(keyOfRun));
  return { operand, usage, members, matching, ofRuns: invocations.filter((one) => runs.has(keyOfRun(one))) };
}

function matches(one: ComparedInvocationRow, { phase, iteration, sessionId }: ComparedFilter): boolean {
  return (
    one.isTagged === 1 &&
    (phase ?? one.phase) === one.phase &&
    (iteration ?? one.iteration) === one.iteration &&
    (sessionId ?? one.threadId) === one.threadId
  );
}

function startsWithin({ startedAtMs }: ComparedInvocationRow, { fromMs, untilMs }: ComparedFilter): boolean {
  return startedAtMs >= (fromMs ?? startedAtMs) && startedAtMs < (untilMs ?? Number.POSITIVE_INFINITY);
}

function explainNothing(connection: Connection, { filter, label }: Operand): ReportError {
  const { projectId, model, tags } = filter;
  const error = explainEmpty(connection, { projectId, model, tags }, {});
  return error.kind === 'unknown' ? error : new ReportError('nothing-in-range', `Nothing is recorded of ${label}.`);
}

/** The same counts with the costs that `other` gives them. */
function repriceAll(
  connection: Connection,
  { operand, usage }: OperandUsage,
  other: OtherPrice,
  reasons: Set<string>,
): ComparedUsageRow[] {
  const costs = new Map<string, { costNanoUsd: number | null; unpricedResponses: number }>();
  for (const { invocationId, response } of iterateCompared(connection, operand.filter)) {
    const { response: priced, notes } = other.price({ ...response, model: other.model });
    for (const { reason } of notes) reasons.add(reason);
    const key = keyOfUsage({ ...response, invocationId });
    const cost = costs.get(key) ?? { costNanoUsd: null, unpricedResponses: 0 };
    costs.set(key, cost);
    if (priced.costNanoUsd !== undefined) cost.costNanoUsd = (cost.costNanoUsd ?? 0) + priced.costNanoUsd;
    if (isUnpriced(priced)) cost.unpricedResponses++;
  }
  return usage.map((row) => ({ ...row, ...costs.get(keyOfUsage(row)), model: other.model }));
}

function describeSide(one: OperandUsage, index: number, baseline: Side | undefined, pricedAs?: string): Side {
  const { operand, usage, members } = one;
  const ofModels = usage.map((row): InvocationPart => ({ ...row, figures: figuresOfModel(row) }));
  const parts = groupBy(ofModels, ({ invocationId }) => invocationId);
  const grouping = { ...one, parts, span: operand.filter };
  const runs = listUnits(grouping, keyOfRun, one.ofRuns);
  const iterations = listUnits(grouping, keyOfIteration, one.matching);
  const phases = groupBy(members, ({ phase }) => phase);
  const names = [...new Set([...PHASES, ...phases.keys()])];
  const summary = summarise(ofModels);
  const perIteration = (units: readonly Unit[], before: ComparedUnits | undefined) => {
    return compareUnits(describeUnits(units, 'ended'), before, pricedAs === undefined);
  };
  return {
    name: nameSide(index) + (pricedAs === undefined ? '' : "'"),
    ...{ operand, pricedAs, baseline, ...summary },
    change: baseline && compareTotals(baseline.totals, summary.totals),
    invocations: countOutcomes(members),
    runs: countOutcomes(runs),
    iterations: countOutcomes(iterations),
    unassignedResponses: sumParts(parts.get(null) ?? []).responses,
    perIteration: perIteration(iterations, baseline?.perIteration),
    perCompletedRun: compareUnits(describeUnits(runs, 'completed'), baseline?.perCompletedRun, pricedAs === undefined),
    phases: names.flatMap((phase) => {
      const ofPhase = phases.get(phase);
      if (!ofPhase) return [];
      const figures = sumParts(ofPhase.flatMap(({ id }) => parts.get(id) ?? []));
      const matching = one.matching.filter((invocation) => invocation.phase === phase);
      const units = listUnits({ ...grouping, members: ofPhase }, keyOfIteration, matching);
      const before = baseline?.phases.find((other) => other.phase === phase)?.perIteration;
      return { phase, figures, perIteration: perIteration(units, before) };
    }),
  };
}

function keyOfUsage({
  invocationId,
  model,
  source,
}: Pick<ComparedUsageRow, 'invocationId' | 'model' | 'source'>): string {
  return JSON.stringify([invocationId, model, source]);
}

/** `A` to `Z`, then `A2`, … */
function nameSide(index: number): string {
  const letter = String.fromCharCode(65 + (index % 26));
  return index < 26 ? letter : `${letter}${Math.floor(index / 26) + 1}`;
}
