import { listMirrorSettings, listPrices } from '../../config/settings.js';
import { UsageError } from '../../errors.js';
import { Pricer } from '../../pricing/pricer.js';
import { createPriceBook } from '../../pricing/prices.js';
import { explainUnpriced } from '../../pricing/unpriced-models.js';
import { createCalendar } from '../../report/calendar.js';
import { ReportError } from '../../report/error.js';
import { explainEmpty, toMoments } from '../../report/period-range.js';
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
import { DAYS_OF_TIME_ZONE, JSON_NOT_TABLE, MODEL, NO_COLOR, SINCE, UNTIL } from './shared-options.js';
import { explainFailure, formatJson, showReport } from './show.js';

const SHOWN = { json: JSON_NOT_TABLE, noColor: NO_COLOR } satisfies Record<string, OptionSpec>;

const REPRICE = {
  since: SINCE,
  until: UNTIL,
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
    const { argument: model, host, paths } = call;
    const request = toRequest(call);
    return model === undefined
      ? await showReport(request, host, paths, (store) => showUsed(store, call))
      : showModel(model, call);
  },
});

export const reprice = defineCommand({
  name: 'reprice',
  summary: 'compute recorded costs anew with the prices known now',
  description: 'Computes the costs of recorded responses anew, with the prices known now.',
  options: REPRICE,
  help: REPRICE_HELP,
  async run(call) {
    const { since, until } = call.options;
    if (since !== undefined && until !== undefined && since > until) {
      throw new UsageError('--since is after --until: there is no day between them.');
    }
    await call.prepare();
    return showReport(toRequest(call, call.options.timezone), call.host, call.paths, (store) =>
      repriceAll(store, call),
    );
  },
});

type ShownCall = Call<typeof SHOWN>;

function toRequest({ options, settings }: ShownCall, timeZone?: string) {
  return {
    format: options.json ? 'json' : 'text',
    color: options.noColor ? 'never' : 'auto',
    timeZone: timeZone ?? settings.timeZone.value,
  } as const;
}

/** Needs no database. */
function showModel(model: string, call: ShownCall): number {
  const { host, paths, settings } = call;
  const request = toRequest(call);
  const found = describeModel(model, listPrices(settings), Date.now());
  if (found.changes.length === 0) {
    const error = new ReportError(
      'unknown',
      [`No price is known for the model ${model}.`, explainUnpriced(model), PRICE_ADVICE].filter(Boolean).join(' '),
    );
    const failure = explainFailure(error, { database: paths.database, timeZone: request.timeZone });
    if (request.format === 'json') host.stdout.write(formatJson(failure?.json ?? {}));
    host.stderr.write(failure?.text ?? '');
    return 1;
  }
  const style = { ...chooseStyle(request, host), nowMs: Date.now() };
  host.stdout.write(request.format === 'json' ? formatJson(toPricesJson([found])) : renderModelPrices(found, style));
  return 0;
}

function showUsed(store: Store, call: ShownCall): string {
  const request = toRequest(call);
  const userPrices = listPrices(call.settings);
  const models = readSnapshot(store, (connection) => listUsedModels(connection, userPrices, Date.now()));
  if (models.length === 0) throw new ReportError('nothing-metered', 'No usage has been recorded yet.');
  if (request.format === 'json') return formatJson(toPricesJson(models));
  return renderUsedPrices(models, { ...chooseStyle(request, call.host), nowMs: Date.now() });
}

async function repriceAll(store: Store, call: Call<typeof REPRICE>): Promise<string> {
  const { options, settings, paths } = call;
  const request = toRequest(call, options.timezone);
  const mode = options.dryRun ? 'dry-run' : 'write';
  const pricer = new Pricer(createPriceBook({ user: listPrices(settings) }));
  const filter = { model: options.model, ...toMoments(options, createCalendar(request.timeZone)) };
  const priceOf = (response: ModelResponse) => pricer.price(response).response;
  const repricing = await withMirror({ ...paths, ...listMirrorSettings(settings) }, (mirror) =>
    mirror.during(store, (expect) =>
      explainingFaults(store.path, () =>
        repriceResponses(store.connection, { filter, priceOf, mode, onChange: expect }),
      ),
    ),
  );
  if (repricing.responses === 0) throw explainEmpty(store.connection, { model: options.model }, options);
  if (request.format === 'json') return formatJson(toRepricingJson(repricing, mode));
  return renderRepricing(repricing, mode, chooseStyle(request, call.host));
}
