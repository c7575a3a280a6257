import type { ResponseRow, SumRow } from '../store/queries.js';
import type { CostUnit } from '../usage/options.js';
import type { Provider } from '../usage/provider.js';
import { isUnpriced } from '../usage/record.js';
import { EVIDENCE, type Evidence, SOURCES, type Source } from '../usage/source.js';
import { completeUsage, sumUsage, type Usage } from '../usage/usage.js';
import { type CreditFigures, creditsOfResponse, sumCredits } from './credits.js';
import { groupBy } from './groups.js';

/** The sums over a group of responses, and how they are known. */
export interface Figures {
  readonly usage: Usage;
  readonly responses: number;
  readonly unpricedResponses: number;
  /** The sum of the responses that have a price; undefined when none has. */
  readonly costNanoUsd: number | undefined;
  /** Undefined unless the report was asked for credits. */
  readonly credits?: CreditFigures | undefined;
  readonly models: readonly string[];
  /** Best first. */
  readonly sources: readonly Source[];
  /** Best first. */
  readonly evidence: readonly Evidence[];
}

/** Makes figures of a row of sums, over some models and sources. */
export function toFigures(
  row: SumRow & Pick<Figures, 'models' | 'sources' | 'credits'> & Partial<Pick<Figures, 'evidence'>>,
): Figures {
  const { responses, unpricedResponses, models, sources, evidence = [], credits } = row;
  const costNanoUsd = row.costNanoUsd ?? undefined;
  return { usage: completeUsage(row), responses, unpricedResponses, costNanoUsd, credits, models, sources, evidence };
}

/** Makes figures of a row of sums over one model and one source. */
export function figuresOfModel(
  row: SumRow & Pick<ModelFigures, 'model' | 'source'> & { readonly evidence?: readonly Evidence[] },
  credits?: CreditFigures,
): Figures {
  return toFigures({ ...row, models: [row.model], sources: [row.source], credits });
}

/** Returns the unit that the figures were read in. */
export function unitOf({ credits }: Pick<Figures, 'credits'>): CostUnit {
  return credits ? 'credits' : 'usd';
}

export function figuresOfResponse(row: ResponseRow, unit: CostUnit): Figures {
  const sums = { ...row, responses: 1, unpricedResponses: isUnpriced(row) ? 1 : 0, evidence: [row.evidence] };
  return figuresOfModel(sums, creditsOfResponse(row, unit));
}

/** Input and output: all tokens, because the other counters are within these. */
export function totalTokens({ usage }: Pick<Figures, 'usage'>): number {
  return usage.input + usage.output;
}

// Loops instead of maps: a report over time sums up thousands of these.
export function sumFigures(parts: readonly Figures[]): Figures {
  const [first] = parts;
  if (first && parts.length === 1) return first;
  const usage = sumUsage(parts.map((part) => part.usage));
  let [responses, unpricedResponses, costNanoUsd] = [0, 0, undefined as number | undefined];
  let credits: CreditFigures | undefined;
  const models: string[] = [];
  const sources: Source[] = [];
  const evidence: Evidence[] = [];
  for (const part of parts) {
    responses += part.responses;
    unpricedResponses += part.unpricedResponses;
    if (part.costNanoUsd !== undefined) costNanoUsd = (costNanoUsd ?? 0) + part.costNanoUsd;
    credits = sumCredits(credits, part.credits);
    addNew(part.models, models);
    addNew(part.sources, sources);
    addNew(part.evidence, evidence);
  }
  return {
    usage,
    responses,
    unpricedResponses,
    costNanoUsd,
    credits,
    models,
    sources: SOURCES.filter((source) => sources.includes(source)),
    evidence: EVIDENCE.filter((one) => evidence.includes(one)),
  };
}

// There are few: a Set would take longer to make than to search these.
function addNew<T>(items: readonly T[], known: T[]): void {
  for (const item of items) if (!known.includes(item)) known.push(item);
}

/** Whether the API reported every count. True of no counts at all as well. */
export function isActual({ sources }: Pick<Figures, 'sources'>): boolean {
  return sources.every((source) => source === 'actual');
}

/** Returns the one source of all counts, `mixed` for several, undefined for none. */
export function describeSource({ sources }: Pick<Figures, 'sources'>): Source | 'mixed' | undefined {
  return sources.length > 1 ? 'mixed' : sources[0];
}

/** The figures of one model from responses of one source. */
export interface ModelFigures {
  readonly model: string;
  readonly source: Source;
  readonly figures: Figures;
}

/** The sums over all parts of a report. */
export interface Summary {
  readonly totals: Figures;
  /** The totals of each source, best first. */
  readonly sources: readonly { readonly source: Source; readonly figures: Figures }[];
  readonly unpriced: readonly UnpricedModel[];
}

/** A model some of whose responses have no price. Sums of costs leave those out. */
export interface UnpricedModel {
  readonly model: string;
  readonly unpricedResponses: number;
}

export function summarise(parts: readonly ModelFigures[]): Summary {
  const bySource = groupBy(parts, ({ source }) => source);
  const sources = SOURCES.map((source) => ({ source, figures: sumParts(bySource.get(source) ?? []) }));
  return {
    totals: sumParts(parts),
    sources: sources.filter(({ figures }) => figures.responses > 0),
    unpriced: listUnpriced(parts),
  };
}

export function sumParts(parts: readonly { readonly figures: Figures }[]): Figures {
  return sumFigures(parts.map(({ figures }) => figures));
}

function listUnpriced(parts: readonly ModelFigures[]): UnpricedModel[] {
  const unpriced = parts.filter(({ figures }) => figures.unpricedResponses > 0);
  return [...groupBy(unpriced, ({ model }) => model)].map(([model, ofModel]) => ({
    model,
    unpricedResponses: sumParts(ofModel).unpricedResponses,
  }));
}

/** What was used of one model of one provider. */
export interface ModelSum {
  readonly model: string;
  readonly provider: Provider;
  readonly figures: Figures;
}

/** Sums up each model, the dearest first. */
export function sumModels(cells: readonly ModelSum[]): ModelSum[] {
  const groups = groupBy(cells, ({ provider, model }) => `${provider} ${model}`);
  const sums = [...groups.values()].flatMap((ofModel) => {
    const [first] = ofModel;
    return first ? [{ model: first.model, provider: first.provider, figures: sumParts(ofModel) }] : [];
  });
  return sums.sort(dearestFirst);
}

/** Compares for a sort by cost, and by tokens where that is the same. */
export function dearestFirst(a: { readonly figures: Figures }, b: { readonly figures: Figures }): number {
  const costs = (b.figures.costNanoUsd ?? -1) - (a.figures.costNanoUsd ?? -1);
  return costs || totalTokens(b.figures) - totalTokens(a.figures);
}
