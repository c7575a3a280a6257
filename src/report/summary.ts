import { SOURCES, type Source } from '../usage/source.js';
import { type Figures, sumFigures } from './figures.js';
import { groupBy } from './groups.js';

/** The figures of one model as far as its counts are worth `source`. */
export interface Part {
  readonly model: string;
  readonly source: Source;
  readonly figures: Figures;
}

/** What all parts of a report come to. */
export interface Summary {
  readonly totals: Figures;
  /** The totals by what their counts are worth, best first. */
  readonly sources: readonly SourceReport[];
  readonly unpriced: readonly UnpricedModel[];
}

export interface SourceReport {
  readonly source: Source;
  readonly figures: Figures;
}

/** A model of which some responses have no price, so that no sum of costs holds them. */
export interface UnpricedModel {
  readonly model: string;
  readonly unpricedResponses: number;
}

export function summarise(parts: readonly Part[]): Summary {
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

function listUnpriced(parts: readonly Part[]): UnpricedModel[] {
  const unpriced = parts.filter(({ figures }) => figures.unpricedResponses > 0);
  return [...groupBy(unpriced, ({ model }) => model)].map(([model, ofModel]) => ({
    model,
    unpricedResponses: sumParts(ofModel).unpricedResponses,
  }));
}
