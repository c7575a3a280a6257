import { type ChargedRow, iterateCharged } from '../store/export-queries.js';
import type { Connection } from '../store/open.js';
import { readSpan, type UsageFilter } from '../store/period-queries.js';
import { readFees } from '../store/response-rows.js';
import { type Calendar, type Day, startOfMonth } from './calendar.js';
import { type Charge, type ChargedRates, listCharges, readChargedRates } from './cost-split.js';

/** A row of FOCUS 1.2. Null where the specification has no value; docs/metrics.md says why. */
export type FocusRow = Readonly<Record<string, string | number | null>>;

export interface FocusOptions {
  readonly calendar: Calendar;
  /** The account that pays, as its vendor calls it. */
  readonly billingAccount: string;
  /** Called with the number of responses that have no cost, and so no row. */
  readonly onUnpriced: (count: number) => void;
}

/** Who bills the usage of an agent, and for what service. FOCUS: ProviderName, ServiceName. */
const VENDORS = {
  codex: { vendor: 'OpenAI', service: 'OpenAI API', id: 'openai' },
  openai: { vendor: 'OpenAI', service: 'OpenAI API', id: 'openai' },
  claude: { vendor: 'Anthropic', service: 'Claude API', id: 'anthropic' },
  gemini: { vendor: 'Google', service: 'Gemini API', id: 'google' },
} as const;

/** What is charged for: FOCUS' SkuMeter, and its part of SkuId. */
const METERS: Readonly<Record<Charge['name'] | 'tokens', readonly [meter: string, id: string]>> = {
  input: ['Input Tokens', 'input'],
  cachedInput: ['Cached Input Tokens', 'cached-input'],
  cacheWrite: ['Cache Write Tokens', 'cache-write'],
  cacheWrite1h: ['Cache Write Tokens for 1 Hour', 'cache-write-1h'],
  output: ['Output Tokens', 'output'],
  fees: ['Requests beside Tokens', 'requests'],
  // Of a session that is known by its total alone: its cost cannot be divided.
  tokens: ['Tokens', 'tokens'],
};

const NANO = 1e9;
/** The vendors' price lists are in USD per million tokens, and FOCUS wants their unit. */
const TOKENS_PER_UNIT = 1_000_000;

/** The sums of one row: charges of the same day, project, model, kind, price and source. */
interface Entry {
  readonly row: ChargedRow;
  readonly name: keyof typeof METERS;
  readonly rate: number | undefined;
  readonly rates: ChargedRates | undefined;
  quantity: number;
  nanoUsd: number;
}

/**
 * Lists the costs that `filter` lets through as rows of FOCUS 1.2: by day, project, model and kind of token, and by price and
 * source where they differ. The costs of the rows add up to those of the reports, to the nano-USD.
 */
export function* listFocus(connection: Connection, filter: UsageFilter, options: FocusOptions): Generator<FocusRow> {
  const entries = new Map<string, Entry>();
  let unpriced = 0;
  const span = readSpan(connection);
  const offsets = span ? options.calendar.listOffsets(span.firstMs, span.endMs) : [];
  for (const row of iterateCharged(connection, filter, offsets)) {
    if (row.costNanoUsd === null) unpriced++;
    else addResponse(entries, row);
  }
  options.onUnpriced(unpriced);
  const inOrder = [...entries].sort(([a], [b]) => (a < b ? -1 : 1));
  const startsAt = nameStarts(options.calendar);
  for (const [, entry] of inOrder) yield toRow(entry, options.billingAccount, startsAt);
}

function addResponse(entries: Map<string, Entry>, row: ChargedRow): void {
  const price = parsePrice(row.price);
  const charges = listCharges({ ...row, price });
  const rates = readChargedRates({ price });
  const add = (name: Entry['name'], rate: number | undefined, quantity: number, nanoUsd: number) => {
    const { day, provider, projectId, model, source } = row;
    const ofPrice = [rates?.tier, rates?.longContext, rate];
    const inOrder = [String(day).padStart(7, '0'), provider, projectId, model, METERS[name][1], source];
    const key = JSON.stringify([...inOrder, ...ofPrice]);
    const entry = entries.get(key) ?? { row, name, rate, rates, quantity: 0, nanoUsd: 0 };
    entries.set(key, entry);
    entry.quantity += quantity;
    entry.nanoUsd += nanoUsd;
  };
  if (!charges) {
    add('tokens', undefined, row.input + row.output, row.costNanoUsd ?? 0);
    return;
  }
  for (const { name, tokens, rate, nanoUsd } of charges) {
    if (name === 'fees') add(name, undefined, readFees(row.fees)?.webSearches || 1, nanoUsd);
    else if (tokens > 0 || nanoUsd !== 0) add(name, rate, tokens, nanoUsd);
  }
}

/** Most responses have one of a few prices. */
const PARSED = new Map<string, unknown>();

function parsePrice(json: string | null): unknown {
  if (json === null) return null;
  const known = PARSED.get(json);
  if (known !== undefined) return known;
  const price: unknown = JSON.parse(json);
  if (PARSED.size > 1000) PARSED.clear();
  PARSED.set(json, price);
  return price;
}

/** Writes when days begin, in UTC. A calendar takes long to find that, and rows have few days. */
function nameStarts(calendar: Calendar): (day: Day) => string {
  const known = new Map<Day, string>();
  return (day) => {
    const name = known.get(day) ?? `${new Date(calendar.startOf(day)).toISOString().slice(0, 19)}Z`;
    known.set(day, name);
    return name;
  };
}

function toRow(entry: Entry, billingAccount: string, startsAt: (day: Day) => string): FocusRow {
  const { row, name, quantity } = entry;
  const { day } = row;
  const { vendor, service } = VENDORS[row.provider];
  const usd = entry.nanoUsd / NANO;
  return {
    BilledCost: usd,
    BillingAccountId: billingAccount,
    BillingAccountName: null,
    BillingAccountType: 'Account',
    BillingCurrency: 'USD',
    BillingPeriodEnd: startsAt(startOfMonth(day, 1)),
    BillingPeriodStart: startsAt(startOfMonth(day)),
    ChargeCategory: 'Usage',
    ChargeClass: null,
    ChargeDescription: `${row.model}: ${METERS[name][0].toLowerCase()}`,
    ChargeFrequency: 'Usage-Based',
    ChargePeriodEnd: startsAt(day + 1),
    ChargePeriodStart: startsAt(day),
    ConsumedQuantity: quantity,
    ConsumedUnit: name === 'fees' ? 'Requests' : 'Tokens',
    ContractedCost: usd,
    ...describePrice(entry),
    EffectiveCost: usd,
    InvoiceId: null,
    InvoiceIssuerName: vendor,
    ListCost: usd,
    ProviderName: vendor,
    PublisherName: vendor,
    ServiceCategory: 'AI and Machine Learning',
    ServiceName: service,
    ServiceSubcategory: 'Generative AI',
    SubAccountId: row.projectId,
    SubAccountName: row.projectId,
    SubAccountType: 'Project',
    Tags: JSON.stringify({ project: row.projectId, agent: row.provider }),
    x_Agent: row.provider,
    x_CountSource: row.source,
  };
}

/** Quantity, unit and price: their product is the cost, but for the rounding of each response to nano-USD. */
function describePrice({ name, quantity, rate, rates, row, nanoUsd }: Entry): FocusRow {
  const isFee = name === 'fees';
  const unitPrice = isFee ? nanoUsd / quantity / NANO : rate === undefined ? null : (rate * TOKENS_PER_UNIT) / NANO;
  const [meter, id] = METERS[name];
  const skuId = `${VENDORS[row.provider].id}/${row.model}/${id}`;
  const details = rates && !isFee ? { x_ServiceTier: rates.tier, x_LongContext: rates.longContext } : undefined;
  return {
    ContractedUnitPrice: unitPrice,
    ListUnitPrice: unitPrice,
    PricingCategory: 'Standard',
    PricingQuantity: isFee ? quantity : quantity / TOKENS_PER_UNIT,
    PricingUnit: isFee ? 'Requests' : `${TOKENS_PER_UNIT} Tokens`,
    SkuId: skuId,
    SkuMeter: meter,
    SkuPriceDetails: details ? JSON.stringify(details) : null,
    SkuPriceId: details ? `${skuId}/${details.x_ServiceTier}${details.x_LongContext ? '/long-context' : ''}` : skuId,
  };
}
