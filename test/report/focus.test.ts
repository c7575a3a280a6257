import { describe, expect, it } from 'vitest';
import { Pricer } from '../../src/pricing/pricer.js';
import { createPriceBook } from '../../src/pricing/prices.js';
import type { ModelResponse } from '../../src/usage/record.js';
import { runUsage } from '../harness/codex-usage.js';
import { createFolder, createStore, START, sampleInvocation, sampleResponse } from '../store/samples.js';

/** https://focus.finops.org/focus-specification/v1-2: columns of the feature level "Mandatory". */
const MANDATORY =
  `BilledCost BillingAccountId BillingAccountName BillingCurrency BillingPeriodEnd BillingPeriodStart ChargeCategory
  ChargeClass ChargeDescription ChargePeriodEnd ChargePeriodStart ContractedCost EffectiveCost InvoiceIssuerName ListCost
  PricingQuantity PricingUnit ProviderName PublisherName ServiceCategory ServiceName`.split(/\s+/);
/** Of those and of the conditional ones that are written, what may be null. */
const NULLABLE = ['BillingAccountName', 'ChargeClass', 'InvoiceId'];

type Row = Record<string, string | number | null>;

const pricer = new Pricer(createPriceBook({ user: [] }));
const DAY_MS = 86_400_000;

function responseOf(key: string, more: Partial<ModelResponse>) {
  const { costNanoUsd: _cost, price: _price, ...response } = sampleResponse(key);
  return pricer.price({ ...response, ...more }).response;
}

/** Responses of several days, models, tiers and agents, with counts that follow no pattern. */
function seed(): string {
  const path = `${createFolder()}/usage.db`;
  const store = createStore(path);
  let state = 7;
  const random = (most: number) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % most;
  };
  const kinds: Partial<ModelResponse>[] = [
    { model: 'gpt-5.3-codex' },
    { model: 'gpt-5.3-codex', serviceTier: 'priority' },
    { model: 'gpt-5-mini', source: 'estimated', evidence: 'tokenizer' },
    { model: 'claude-opus-4-5', provider: 'claude', fees: { webSearches: 3, inferenceGeo: 'us', unknown: [] } },
    { model: 'a-model-without-a-price' },
  ];
  for (let at = 0; at < 200; at++) {
    const input = random(50_000);
    const cachedInput = random(input + 1);
    const cacheWrite = random(input - cachedInput + 1);
    const output = random(5000);
    const usage = { input, cachedInput, cacheWrite, output, reasoning: random(output + 1) };
    const completedAtMs = START + random(40) * DAY_MS + random(DAY_MS);
    const kind = kinds[at % kinds.length] ?? {};
    const cacheWrite1h = random(cacheWrite + 1);
    const attribution = { projectId: at % 3 === 0 ? 'shop' : 'infra, "two"' };
    store.record({
      invocation: sampleInvocation(`i${at}`, { attribution }),
      responses: [responseOf(`${at}`, { ...kind, usage, completedAtMs, threadId: `t${at}`, cacheWrite1h })],
    });
  }
  return path;
}

async function exportJson(database: string, ...args: string[]): Promise<{ rows: Row[]; stderr: string }> {
  const { stdout, stderr } = await runUsage(['export', ...args, '--format', 'json'], { database });
  return { rows: JSON.parse(stdout), stderr };
}

const nano = (value: unknown) => Math.round(Number(value) * 1e9);

/** Adds up costs in nano-USD by day, project and model, but for those of nothing. */
function sumBy(
  rows: readonly Row[],
  read: (row: Row) => readonly [key: unknown[], cost: number],
): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const [key, cost] of rows.map(read)) if (cost !== 0) sums[key.join(' ')] = (sums[key.join(' ')] ?? 0) + cost;
  return sums;
}

describe('codex-usage export focus', () => {
  it('has the costs of the reports, to the nano-USD, by day, project and model', async () => {
    const database = seed();
    const { rows, stderr } = await exportJson(database, 'focus');
    const { rows: days } = await exportJson(database, 'days', '--timezone', 'UTC');
    const ofRow = sumBy(rows, (row) => {
      const day = String(row.ChargePeriodStart).slice(0, 10);
      return [[day, row.SubAccountId, String(row.SkuId).split('/')[1]], nano(row.BilledCost)];
    });
    const ofReport = sumBy(days, (row) => [[row.date, row.projectId, row.model], Number(row.costNanoUsd)]);
    expect(Object.keys(ofRow).length).toBeGreaterThan(50);
    expect(ofRow).toEqual(ofReport);
    expect(stderr).toBe('40 responses without a price: no row has them.\n');
  });

  it('has the tokens of each kind, each in one row', async () => {
    const database = seed();
    const { rows } = await exportJson(database, 'focus', '--model', 'gpt-5.3-codex');
    const { rows: days } = await exportJson(database, 'days', '--model', 'gpt-5.3-codex');
    const sum = (all: readonly Row[], name: string) => all.reduce((total, row) => total + Number(row[name]), 0);
    const consumed = (meter: string) =>
      sum(
        rows.filter(({ SkuMeter }) => SkuMeter === meter),
        'ConsumedQuantity',
      );
    const total = (name: string) => sum(days, name);
    const [cached, written] = [total('cachedInputTokens'), total('cacheWriteTokens')];
    expect(consumed('Output Tokens')).toBe(total('outputTokens'));
    expect(consumed('Cached Input Tokens')).toBe(cached);
    expect(consumed('Cache Write Tokens') + consumed('Cache Write Tokens for 1 Hour')).toBe(written);
    expect(consumed('Input Tokens')).toBe(total('inputTokens') - cached - written);
  });

  it('has the columns that FOCUS 1.2 demands, none empty that must not be, and prices that make up the cost', async () => {
    const { rows } = await exportJson(seed(), 'focus', '--billing-account', 'org-42');
    for (const row of rows) {
      expect(Object.keys(row)).toEqual(expect.arrayContaining(MANDATORY));
      const nullable = [...NULLABLE, ...(row.ConsumedUnit === 'Requests' ? ['SkuPriceDetails'] : [])];
      const empty = Object.keys(row).filter((name) => row[name] === null || row[name] === '');
      expect(empty.filter((name) => !nullable.includes(name))).toEqual([]);
      expect(row.ListUnitPrice).toBeGreaterThanOrEqual(0);
      const product = nano(Number(row.ListUnitPrice) * Number(row.PricingQuantity));
      expect(Math.abs(product - nano(row.ListCost))).toBeLessThanOrEqual(200);
    }
    expect(rows[0]).toMatchObject({
      BillingAccountId: 'org-42',
      BillingPeriodStart: '2026-03-01T00:00:00Z',
      BillingPeriodEnd: '2026-04-01T00:00:00Z',
      ChargePeriodStart: '2026-03-04T00:00:00Z',
      ChargePeriodEnd: '2026-03-05T00:00:00Z',
      ServiceCategory: 'AI and Machine Learning',
    });
    const priority = rows.find((row) => row.SkuPriceId === 'openai/gpt-5.3-codex/output/priority');
    const unit = { SkuMeter: 'Output Tokens', PricingUnit: '1000000 Tokens', ConsumedUnit: 'Tokens' };
    expect(priority).toMatchObject(unit);
    const searches = rows.filter((row) => row.SkuMeter === 'Requests beside Tokens');
    expect(searches.reduce((sum, row) => sum + Number(row.ConsumedQuantity), 0)).toBe(40 * 3);
    expect(new Set(searches.map((row) => row.ListUnitPrice))).toEqual(new Set([0.01]));
  });

  it('writes CSV without exponents, and days of another time zone where that is asked for', async () => {
    const path = `${createFolder()}/usage.db`;
    const usage = { input: 1, cachedInput: 0, cacheWrite: 0, output: 0, reasoning: 0 };
    createStore(path).record({
      invocation: sampleInvocation('a'),
      responses: [responseOf('1', { model: 'gpt-5-nano', usage })],
    });
    const { stdout } = await runUsage(['export', 'focus', '--timezone', 'Asia/Tokyo'], { database: path });
    const [header, line, ...rest] = stdout.split('\r\n');
    expect(header?.split(',').slice(0, 2)).toEqual(['BilledCost', 'BillingAccountId']);
    expect(line).toMatch(/^0\.00000005,unknown,,Account,USD,2026-03-31T15:00:00Z,2026-02-28T15:00:00Z,Usage,/);
    expect(line).toContain(',0.000001,1000000 Tokens,');
    expect(rest).toEqual(['']);
  });

  it('keeps a cost that cannot be divided in one row, without a unit price', async () => {
    const path = `${createFolder()}/usage.db`;
    createStore(path).record({ invocation: sampleInvocation('a'), responses: [sampleResponse('1')] });
    const { rows } = await exportJson(path, 'focus');
    const whole = { BilledCost: 0.0026, ConsumedQuantity: 1200, SkuMeter: 'Tokens', ListUnitPrice: null };
    expect(rows).toEqual([expect.objectContaining(whole)]);
  });

  it('takes a billing account for nothing else', async () => {
    const { exitCode, stderr } = await runUsage(['export', 'days', '--billing-account', 'x'], { database: seed() });
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('belongs to "codex-usage export focus"')]);
  });
});
