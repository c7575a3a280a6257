import type { Block, BlocksReport } from './blocks.js';
import { formatDay } from './calendar.js';
import { toCreditCardJson } from './credits.js';
import type { ModelSum } from './figures.js';
import type { MonthForecast, Pace } from './pace.js';
import { KINDS, type PeriodKind } from './period-range.js';
import type { PeriodEntry, PeriodReport } from './period-report.js';
import { SCHEMA_VERSION, toIso, toPartJson, toSumsJson, toUnpricedJson } from './sums-json.js';

/** Returns the report as data. What is not known is null; a cost is null when none of its responses has a price. */
export function toPeriodJson(report: PeriodReport): object {
  const [entriesName, keyName] = KINDS[report.kind].json;
  const { range, totals, pace, forecast } = report;
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: entriesName,
    ...(report.tagKey === undefined ? {} : { tagKey: report.tagKey }),
    timeZone: report.timeZone,
    since: range.since === undefined ? null : formatDay(range.since),
    until: range.until === undefined ? null : formatDay(range.until),
    [entriesName]: report.entries.map((entry) => toEntryJson(entry, keyName, report.kind)),
    totals: {
      activeDayCount: pace.activeDays,
      ...toSumsJson(totals),
      bySource: report.sources.map(({ figures }) => toPartJson(figures)),
      byProvider: report.providers.map(({ provider, figures }) => ({ provider, ...toPartJson(figures) })),
      models: report.models.map(toModelJson),
    },
    unpricedModels: report.unpriced.map(toUnpricedJson),
    ...(totals.credits ? { credits: toCreditCardJson() } : {}),
    pace: toPaceJson(pace),
    forecast: forecast ? toForecastJson(forecast) : null,
  };
}

function toEntryJson(entry: PeriodEntry, keyName: string, kind: PeriodKind): object {
  const { key, activeDays, firstDay, lastDay, invocations, figures, models } = entry;
  return {
    [keyName]: key === '' ? null : key,
    ...(kind === 'model' ? { provider: models[0]?.provider ?? null } : {}),
    ...(invocations === undefined ? {} : { invocationCount: invocations }),
    ...(kind === 'daily'
      ? {}
      : { activeDayCount: activeDays, firstDate: formatDay(firstDay), lastDate: formatDay(lastDay) }),
    ...(kind === 'model' ? toPartJson(figures) : { ...toSumsJson(figures), models: models.map(toModelJson) }),
  };
}

function toModelJson({ model, provider, figures }: ModelSum): object {
  return { model, provider, ...toPartJson(figures) };
}

function toPaceJson(pace: Pace): object {
  return {
    activeDayCount: pace.activeDays,
    calendarDayCount: pace.calendarDays,
    activeHours: pace.activeHours,
    costPerActiveDayUsd: toUsd(pace.nanoUsdPerActiveDay),
    costPerCalendarDayUsd: toUsd(pace.nanoUsdPerCalendarDay),
    costPerActiveHourUsd: toUsd(pace.nanoUsdPerActiveHour),
  };
}

function toForecastJson(forecast: MonthForecast): object {
  return {
    month: forecast.month,
    spentUsd: toUsd(forecast.spentNanoUsd),
    forecastUsd: toUsd(forecast.forecastNanoUsd),
    basisDayCount: forecast.basisDays,
    costPerDayUsd: toUsd(forecast.nanoUsdPerDay),
  };
}

function toUsd(nanoUsd: number | undefined): number | null {
  return nanoUsd === undefined ? null : Math.round(nanoUsd) / 1e9;
}

/** Returns the windows as data. What is not known is null. */
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
