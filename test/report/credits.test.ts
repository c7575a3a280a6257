import { describe, expect, it } from 'vitest';
import { lengthOf, takeCredits } from '../../src/pricing/credits.js';
import { readBlocks } from '../../src/report/blocks.js';
import { createCalendar, parseDay } from '../../src/report/calendar.js';
import { readCostReport } from '../../src/report/cost-report.js';
import { formatCredits, sumCredits } from '../../src/report/credits.js';
import type { Figures } from '../../src/report/figures.js';
import { type PeriodQuery, readPeriodReport } from '../../src/report/period-report.js';
import type { Store } from '../../src/store/store.js';
import { PHASES } from '../../src/usage/phase.js';
import type { PricedResponse } from '../../src/usage/record.js';
import { createStore, sampleInvocation, sampleResponse } from '../store/samples.js';
import { importThread } from './recorded.js';

const FIRST = Date.parse('2026-07-28T20:00:00Z');
const HOUR_MS = 3_600_000;
const MODELS = ['gpt-5.6-sol', 'gpt-5.6-luna', 'gpt-6-astra', 'gpt-5.3-codex', 'gpt-99'];
const TIERS = [undefined, 'priority', 'fast', 'flex', 'default'];

/** Responses of all kinds over a month in which the rates of two models change, long inputs and odd counters among them. */
function makeResponses(threadId: string, count: number): PricedResponse[] {
  return Array.from({ length: count }, (_, n) => {
    const input = n % 7 === 0 ? 300_000 + n : 1000 + n * 37;
    const cachedInput = n % 11 === 0 ? input + 5 : Math.floor(input / ((n % 3) + 2));
    return sampleResponse(`${threadId}-${n}`, {
      threadId,
      model: MODELS[n % MODELS.length] ?? '',
      serviceTier: TIERS[n % TIERS.length === 0 ? n % 4 : n % TIERS.length],
      completedAtMs: FIRST + n * 7 * HOUR_MS,
      usage: { input, cachedInput, cacheWrite: n % 50, output: 100 + n, reasoning: n },
    });
  });
}

const PACKED = makeResponses('packed', 100);
const METERED = makeResponses('metered', 120);
const OF_CLAUDE = [
  sampleResponse('c', { threadId: 'c', provider: 'claude', model: 'gpt-5.3-codex', completedAtMs: FIRST }),
];

function createFilledStore(): Store {
  const store = createStore();
  METERED.forEach((response, n) => {
    const attribution = { projectId: n % 2 ? 'shop' : 'bank', phase: PHASES[n % PHASES.length] ?? 'other' };
    const invocation = sampleInvocation(`i${n % 6}`, { attribution });
    store.record({ invocation, update: { threadId: 'metered' }, responses: [response] });
  });
  store.record({ invocation: sampleInvocation('claude'), responses: OF_CLAUDE });
  importThread(store, 'packed', PACKED);
  return store;
}

/** Response by response, as the rate card says it. */
function takeEach(responses: readonly PricedResponse[]) {
  const taken = responses.map(({ model, serviceTier, completedAtMs: atMs, usage: { input, cachedInput, output } }) => {
    const tokens = { input, cachedInput: Math.min(cachedInput, input), output };
    return takeCredits({ model, serviceTier, atMs, length: lengthOf(input) }, tokens);
  });
  const known = taken.filter((credits) => credits !== undefined);
  const nanoCredits = known.length === 0 ? undefined : known.reduce((total, credits) => total + credits, 0);
  return { nanoCredits, unratedResponses: taken.length - known.length };
}

const add = (parts: readonly { readonly figures: Figures }[]) => {
  return parts.map(({ figures }) => figures.credits).reduce(sumCredits, undefined);
};

const QUERY: PeriodQuery = { kind: 'daily', firstWeekday: 1, nowMs: FIRST + 1000 * HOUR_MS, unit: 'credits' };
const CALENDAR = createCalendar('Europe/Berlin');
const ALL = [...PACKED, ...METERED];

describe('the credits of a report over time', () => {
  it.each(['daily', 'weekly', 'monthly', 'model', 'project'] as const)(
    'by %s are those of its responses, one by one',
    (kind) => {
      const report = readPeriodReport(createFilledStore().connection, { ...QUERY, kind }, CALENDAR);
      expect(report.totals.credits).toEqual(takeEach(ALL));
      expect(add(report.entries)).toEqual(takeEach(ALL));
      for (const { model, provider, figures } of report.models) {
        if (provider !== 'codex') continue;
        expect(figures.credits, model).toEqual(takeEach(ALL.filter((one) => one.model === model)));
      }
    },
  );

  it('by phase are those of metered runs alone', () => {
    const report = readPeriodReport(createFilledStore().connection, { ...QUERY, kind: 'phase' }, CALENDAR);
    expect(report.totals.credits).toEqual(takeEach(METERED));
  });

  it('hold for the days, the project and the model that were asked for', () => {
    const { connection } = createFilledStore();
    const [since, until] = [parseDay('2026-07-31'), parseDay('2026-08-06')];
    const [fromMs, untilMs] = [Date.parse('2026-07-30T22:00:00Z'), Date.parse('2026-08-06T22:00:00Z')];
    const then = ALL.filter(({ completedAtMs }) => fromMs <= completedAtMs && completedAtMs < untilMs);
    expect(then.length).toBeGreaterThan(20);
    expect(readPeriodReport(connection, { ...QUERY, since, until }, CALENDAR).totals.credits).toEqual(takeEach(then));
    const ofModel = readPeriodReport(connection, { ...QUERY, model: 'gpt-5.6*' }, CALENDAR);
    expect(ofModel.totals.credits).toEqual(takeEach(ALL.filter(({ model }) => model.startsWith('gpt-5.6'))));
    const ofProject = readPeriodReport(connection, { ...QUERY, projectId: 'bank' }, CALENDAR);
    expect(ofProject.totals.credits).toEqual(takeEach(METERED.filter((_, n) => n % 2 === 0)));
  });

  it('are not there for another provider, and not where nobody asked', () => {
    const { connection } = createFilledStore();
    const ofClaude = readPeriodReport(connection, { ...QUERY, provider: 'claude' }, CALENDAR);
    expect(ofClaude.totals.credits).toEqual({ nanoCredits: undefined, unratedResponses: 0 });
    const { unit: _, ...inUsd } = QUERY;
    expect(readPeriodReport(connection, inUsd, CALENDAR).totals.credits).toBeUndefined();
  });

  it('of windows of five hours are those of their responses', () => {
    const report = readBlocks(createFilledStore().connection, QUERY, CALENDAR);
    expect(report.totals.credits).toEqual(takeEach(ALL));
    expect(add(report.blocks)).toEqual(takeEach(ALL));
  });
});

describe('the credits of a run or a session', () => {
  it('are those of its responses, and of each of them', () => {
    const { connection } = createFilledStore();
    const scope = { kind: 'session', threadId: 'metered' } as const;
    const session = readCostReport(connection, scope, { detail: 'models', unit: 'credits' });
    expect(session.totals.credits).toEqual(takeEach(METERED));
    expect(add(session.invocations)).toEqual(takeEach(METERED));
    const history = { kind: 'session', threadId: 'packed' } as const;
    expect(readCostReport(connection, history, { detail: 'models', unit: 'credits' }).totals.credits).toEqual(
      takeEach(PACKED),
    );
    expect(readCostReport(connection, history, { detail: 'models' }).totals.credits).toBeUndefined();
  });
});

it('credits are written with as many figures as say something', () => {
  const written = [0, 4e4, 12_345_678, 1.5e9, 123.456e9, 1_234_567.8e9].map(formatCredits);
  expect(written).toEqual(['0.0000', '<0.0001', '0.0123', '1.50', '123.5', '1,234,568']);
});
