import { listMirrorSettings, listPrices } from '../../config/settings.js';
import { Pricer } from '../../pricing/pricer.js';
import { createPriceBook } from '../../pricing/prices.js';
import { explainUnpriced } from '../../pricing/unpriced-models.js';
import { createCalendar } from '../../report/calendar.js';
import { ReportError } from '../../report/error.js';
import { explainEmpty, nothingRecorded, toMoments } from '../../report/period-range.js';
import { describeModel, listUsedModels, toPricesJson } from '../../report/price-list.js';
import { PRICE_ADVICE, renderModelPrices, renderUsedPrices } from '../../report/price-list-text.js';
import { renderRepricing, toRepricingJson } from '../../report/repricing-text.js';
import { explainingFaults } from '../../store/open.js';
import { readSnapshot } from '../../store/queries.js';
import { reprice as repriceResponses } from '../../store/repricing.js';
import type { Store } from '../../store/store.js';
import { addressOfDocs } from '../../usage/docs.js';
import type { ModelResponse } from '../../usage/record.js';
import { type Call, defineCommand, type OptionSpec } from './command.js';
import { chooseStyle } from './host.js';
import { withMirror } from './mirroring.js';
import { DAYS, DAYS_OF_TIME_ZONE, expectDays, JSON_NOT_TABLE, MODEL, NO_COLOR } from './shared-options.js';
import { formatJson, showReport, writeFailure } from './show.js';

const SHOWN = { json: JSON_NOT_TABLE, noColor: NO_COLOR } satisfies Record<string, OptionSpec>;

const REPRICE = {
  ...DAYS,
  model: MODEL,
  dryRun: { short: 'n', text: 'show what would change, and change nothing' },
  timezone: DAYS_OF_TIME_ZONE,
  ...SHOWN,
} satisfies Record<string, OptionSpec>;

const PRICES_HELP = `
Where a price comes from: "yours" is your configuration ([[prices]] in codex-metered.toml) and wins, then
comes what is "built in", codex-metered's own table, then the package genai-prices.
"Confirmed" is the day on which a built-in price was last seen; ~ before it: only others say that they have
read it at the vendor's. A model by name also shows its credits of a ChatGPT plan. The rules are told in
${addressOfDocs('pricing.md')}.

Examples:
  codex-usage prices                   what the models that were used cost today
  codex-usage prices gpt-5.6-sol       what it costs, and what it cost when
  codex-usage prices --json
`;

const REPRICE_HELP = `
A response keeps the cost that it was recorded with, whatever prices do later. This gives it the cost that
the prices known now have for its day: after a price was corrected, or given to a model that had none.
What it had cost is kept in the table original_costs. A cost is never taken away.

Examples:
  codex-usage reprice --dry-run        what would change
  codex-usage reprice --since 2026-11-01 --model "gpt-7*"
`;

export const prices = defineCommand({
  name: 'prices',
  argument: { placeholder: '[model]' },
  summary: 'what a model costs, since when, and where its price comes from',
  description: 'Shows what a model costs, what it cost before, and where its price comes from.',
  options: SHOWN,
  help: PRICES_HELP,
  async run(call) {
    await call.prepare();
    const { argument: model } = call;
    return model === undefined ? showReport(call, (store) => showUsed(store, call)) : showModel(model, call);
  },
});

export const reprice = defineCommand({
  name: 'reprice',
  summary: 'compute recorded costs anew with the prices known now',
  description: 'Computes the costs of recorded responses anew, with the prices known now.',
  options: REPRICE,
  help: REPRICE_HELP,
  async run(call) {
    expectDays(call.options);
    await call.prepare();
    return showReport(call, (store, { timeZone }) => repriceAll(store, call, timeZone));
  },
});

type ShownCall = Call<typeof SHOWN>;

/** Needs no database. */
function showModel(model: string, call: ShownCall): number | Promise<number> {
  const { host, settings, options } = call;
  const found = describeModel(model, listPrices(settings), Date.now());
  if (found.changes.length === 0) {
    const reasons = [`No price is known for the model ${model}.`, explainUnpriced(model), PRICE_ADVICE];
    return writeFailure(new ReportError('unknown', reasons.filter(Boolean).join(' ')), call);
  }
  const style = () => ({ ...chooseStyle(call), nowMs: Date.now() });
  host.stdout.write(options.json ? formatJson(toPricesJson([found])) : renderModelPrices(found, style()));
  return 0;
}

function showUsed(store: Store, call: ShownCall): string {
  const userPrices = listPrices(call.settings);
  const models = readSnapshot(store, (connection) => listUsedModels(connection, userPrices, Date.now()));
  if (models.length === 0) throw nothingRecorded();
  if (call.options.json) return formatJson(toPricesJson(models));
  return renderUsedPrices(models, { ...chooseStyle(call), nowMs: Date.now() });
}

async function repriceAll(store: Store, call: Call<typeof REPRICE>, timeZone: string | undefined): Promise<string> {
  const { options, settings, paths } = call;
  const mode = options.dryRun ? 'dry-run' : 'write';
  const pricer = new Pricer(createPriceBook({ user: listPrices(settings) }));
  const filter = { model: options.model, ...toMoments(options, createCalendar(timeZone)) };
  const priceOf = (response: ModelResponse) => pricer.price(response).response;
  const repricing = await withMirror({ ...paths, ...listMirrorSettings(settings) }, (mirror) =>
    mirror.during(store, (onChange) =>
      explainingFaults(store.path, () => repriceResponses(store.connection, { filter, priceOf, mode, onChange })),
    ),
  );
  if (repricing.responses === 0) throw explainEmpty(store.connection, { model: options.model }, options);
  if (options.json) return formatJson(toRepricingJson(repricing, mode));
  return renderRepricing(repricing, mode, chooseStyle(call));
}
