import type { Block, BlocksReport } from './blocks.js';
import { toCreditCardJson } from './credits.js';
import { toModelJson, toUsd } from './period-json.js';
import { SCHEMA_VERSION, toIso, toPartJson, toSumsJson, toUnpricedJson } from './sums-json.js';

/** The windows as data. What is not known is null. */
export function toBlocksJson({ timeZone, blocks, totals, sources, unpriced }: BlocksReport): object {
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: 'blocks',
    timeZone,
    blocks: blocks.map(toBlockJson),
    totals: { ...toSumsJson(totals), bySource: sources.map(({ figures }) => toPartJson(figures)) },
    unpricedModels: unpriced.map(toUnpricedJson),
    ...(totals.credits ? { credits: toCreditCardJson() } : {}),
  };
}

function toBlockJson({ provider, startMs, endMs, lastMs, extent, figures, models, outlook }: Block): object {
  return {
    provider,
    startsAt: toIso(startMs),
    endsAt: toIso(endMs),
    lastUsedAt: toIso(lastMs),
    isActive: outlook !== undefined,
    isPart: extent === 'part',
    ...toSumsJson(figures),
    models: models.map(toModelJson),
    outlook: outlook
      ? { leftMs: outlook.leftMs, costPerHourUsd: toUsd(outlook.nanoUsdPerHour), costUsd: toUsd(outlook.costNanoUsd) }
      : null,
  };
}
