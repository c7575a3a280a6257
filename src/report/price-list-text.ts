import type { CreditEntry } from '../pricing/credit-card.js';
import { listCreditEntries } from '../pricing/credits.js';
import { DAY_MS, type Price, type Rates } from '../pricing/price.js';
import type { PriceChange } from '../pricing/prices.js';
import { BILLED_COUNTERS, type BilledCounterName } from '../usage/counters.js';
import { addressOfDocs } from '../usage/docs.js';
import { cleanText, formatCount } from './amounts.js';
import { explainCredits } from './credits.js';
import { type ModelPrices, ORIGINS, toUsdPerMillion } from './price-list.js';
import { type Column, joinSections, type Row, renderTable, type TableOptions, wrapText } from './table.js';

const COLUMNS = [
  { key: 'model', title: 'Model', align: 'left', minWidth: 20 },
  { key: 'from', title: 'Since', align: 'left', dropOrder: 4 },
  ...BILLED_COUNTERS.map(({ name, label }): Column<BilledCounterName> => {
    const dropOrder = { cacheWrite: 6, cacheWrite1h: 5 }[name as string];
    return { key: name, title: label, align: 'right', ...(dropOrder !== undefined && { dropOrder }) };
  }),
  { key: 'priority', title: 'Priority', align: 'right', dropOrder: 3 },
  { key: 'flex', title: 'Flex', align: 'right', dropOrder: 2 },
  { key: 'ultrafast', title: 'Ultraf.', align: 'right', dropOrder: 0 },
  { key: 'origin', title: 'Source', align: 'left', dropOrder: 7 },
  { key: 'confirmed', title: 'Confirmed', align: 'left', dropOrder: 8 },
  { key: 'responses', title: 'Responses', align: 'right', dropOrder: 1 },
] as const satisfies readonly Column<string>[];
type Key = (typeof COLUMNS)[number]['key'];

export const PRICE_ADVICE = `Give it one in codex-metered.toml ([[prices]], see ${addressOfDocs('config.md')}), then run codex-usage reprice.`;

const RENEW_ADVICE = 'codex-usage reprice gives them one where one is known for their day and tier.';

export interface PriceTextOptions extends TableOptions {
  readonly nowMs: number;
}

/** Renders a row for each model that was used, with its price today. Ends with a newline. */
export function renderUsedPrices(models: readonly ModelPrices[], options: PriceTextOptions): string {
  const rows = models.flatMap(({ model, today, used }): Row<Key>[] => {
    const cells = { model: cleanText(model), responses: used ? formatCount(used.responses) : '' };
    if (!today) return [{ cells: { ...cells, input: 'unpriced' }, styles: { input: 'yellow' } }];
    return layOutChange(cells, today);
  });
  const without = models.filter(({ used }) => (used?.unpricedResponses ?? 0) > 0);
  const remarks = without.map(({ model, today, used }) => {
    const count = used?.unpricedResponses ?? 0;
    const verb = count === 1 ? 'has' : 'have';
    const advice = today ? RENEW_ADVICE : PRICE_ADVICE;
    const text = `${cleanText(model)}: ${formatCount(count)} of its responses ${verb} no price. ${advice}`;
    return wrapText(text, options.width);
  });
  const { paint } = options;
  const head = [paint('bold', 'What the models that were used cost today'), paint('gray', 'USD per million tokens')];
  const today = models.flatMap((model) => model.today?.price ?? []);
  return joinSections([head, [set(rows, options)], remarks, explainConfirmations(today, options)]);
}

/** Renders the prices of a model, change by change. Ends with a newline. */
export function renderModelPrices({ model, today, changes }: ModelPrices, options: PriceTextOptions): string {
  const { paint, width } = options;
  const rows = changes.flatMap((change) => {
    const isToday = change === today;
    const rows = layOutChange({ model: isToday ? 'today' : '' }, change);
    return isToday ? rows.map((row): Row<Key> => ({ ...row, style: 'bold' })) : rows;
  });
  const gone = today ? [] : [wrapText(`It has no price today. ${PRICE_ADVICE}`, width)];
  const prices = changes.flatMap(({ price }) => price ?? []);
  return joinSections([
    [paint('bold', `What ${cleanText(model)} costs`), paint('gray', 'USD per million tokens')],
    [set(rows, options)],
    gone,
    explainConfirmations(prices, options),
    renderCreditRates(model, options),
  ]);
}

function layOutChange(names: Readonly<Partial<Record<Key, string>>>, { from, price }: PriceChange): Row<Key>[] {
  const since = { ...names, from: from ?? 'ever' };
  if (!price) return [{ cells: { ...since, input: 'unpriced' }, styles: { input: 'yellow' } }];
  const { rates, longContext } = price;
  const base: Row<Key> = {
    cells: {
      ...since,
      ...describeRates(rates),
      ...describeTiers(price),
      origin: ORIGINS[price.origin],
      confirmed: describeConfirmed(price),
    },
  };
  if (!longContext) return [base];
  const above = `└ above ${formatCount(longContext.aboveInputTokens)} in`;
  return [base, { cells: { model: above, ...describeRates(longContext.rates) }, style: 'gray' }];
}

function describeRates(rates: Rates): Partial<Record<Key, string>> {
  const cells = BILLED_COUNTERS.map(({ name }) => {
    const rate = rates[name];
    return [name, rate === null || rate === undefined ? '' : formatRate(rate)];
  });
  return Object.fromEntries(cells);
}

/** Tiers are multiples of the standard price. `short`: long inputs are served and billed as standard. */
function describeTiers({ tierMultipliers = {}, longContext }: Price): Partial<Record<Key, string>> {
  const note = longContext?.priority === 'as-standard' ? ' short' : '';
  const cells = Object.entries(tierMultipliers).map(([tier, times]) => {
    return [tier, `×${times}${tier === 'priority' ? note : ''}`];
  });
  return Object.fromEntries(cells);
}

/** The day on which the price was last confirmed. `~`: by others, who say that they have read it at the vendor's. */
function describeConfirmed({ confirmed }: Price): string {
  return confirmed ? `${confirmed.by === 'vendor' ? '' : '~'}${confirmed.on}` : '';
}

/** Explains what figures do not show: a promised price that has run out, and what others than the vendor confirm. */
function explainConfirmations(prices: readonly Price[], { nowMs, width, paint }: PriceTextOptions): string[] {
  const known = prices.flatMap(({ model, confirmed }) => (confirmed ? [{ model, ...confirmed }] : []));
  const sentences = known.flatMap(({ model, promisedUntil, remark }) => [
    ...(promisedUntil !== undefined && Date.parse(promisedUntil) + DAY_MS <= nowMs
      ? [`${model}: its price was promised until ${promisedUntil}, and nothing is known of later days.`]
      : []),
    ...(remark === undefined ? [] : [`${model}: ${remark}`]),
  ]);
  const marks = known.some(({ by }) => by === 'third-party')
    ? ['~ confirmed by others alone, who say that they have read it on a page of the vendor.']
    : [];
  return [...new Set([...marks, ...sentences])].map((sentence) => paint('gray', wrapText(sentence, width)));
}

/** `1.25`, `0.125`: two decimals, or as many as the rate has. */
function formatRate(nanoUsdPerToken: number): string {
  const usd = toUsdPerMillion(nanoUsdPerToken);
  const exact = String(usd);
  return (exact.split('.')[1]?.length ?? 0) > 2 ? exact : usd.toFixed(2);
}

function set(rows: readonly Row<Key>[], options: TableOptions): string {
  const used = COLUMNS.filter(({ key }) => key === 'input' || rows.some(({ cells }) => cells[key]));
  return renderTable(used, rows, options).text;
}

const CREDIT_COLUMNS = [
  { key: 'from', title: 'Since', align: 'left' },
  { key: 'input', title: 'Input', align: 'right' },
  { key: 'cached', title: 'Cached', align: 'right' },
  { key: 'output', title: 'Output', align: 'right' },
  { key: 'fast', title: 'Priority', align: 'right', dropOrder: 3 },
  { key: 'long', title: 'Long inputs', align: 'left', dropOrder: 2 },
  { key: 'basis', title: 'Known from', align: 'left', dropOrder: 1 },
] as const satisfies readonly Column<string>[];
type CreditKey = (typeof CREDIT_COLUMNS)[number]['key'];

const BASES: Readonly<Record<CreditEntry['basis'], string>> = { card: 'rate card', derived: 'USD × 25' };

/** Renders how many credits of a ChatGPT plan Codex takes for a model, line by line; nothing where that is not known. */
function renderCreditRates(model: string, options: TableOptions): string[] {
  const entries = listCreditEntries(model);
  if (entries.length === 0) return [];
  const { paint, width } = options;
  const rows = entries.map((entry): Row<CreditKey> => {
    const { from, input, cachedInput, output, fast, longInputs, basis } = entry;
    const cells = {
      ...{ from, input: String(input), cached: String(cachedInput), output: String(output) },
      fast: fast === undefined ? '' : `×${fast}`,
      ...{ long: longInputs, basis: BASES[basis] },
    };
    return { cells };
  });
  const remarks = explainCredits({ nanoCredits: undefined, unratedResponses: 0 });
  return [
    paint('bold', 'What Codex takes of the credits of a ChatGPT plan'),
    paint('gray', 'Credits per million tokens'),
    '',
    renderTable(CREDIT_COLUMNS, rows, options).text,
    '',
    ...remarks.map((line) => paint('gray', wrapText(line, width))),
  ];
}
