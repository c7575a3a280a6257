import type { PriceEntry } from '../../pricing/price.js';
import { Pricer } from '../../pricing/pricer.js';
import { createPriceBook } from '../../pricing/prices.js';
import { explainUnpriced } from '../../pricing/unpriced-models.js';
import { createCalendar } from '../../report/calendar.js';
import { ReportError } from '../../report/error.js';
import { toMoments } from '../../report/period-range.js';
import { describeModel, listUsedModels, toPricesJson } from '../../report/price-list.js';
import { PRICE_ADVICE, renderModelPrices, renderUsedPrices } from '../../report/price-list-text.js';
import { renderRepricing, toRepricingJson } from '../../report/repricing-text.js';
import { explainingFaults } from '../../store/open.js';
import { readSnapshot } from '../../store/queries.js';
import { reprice } from '../../store/repricing.js';
import type { Store } from '../../store/store.js';
import type { ModelResponse } from '../../usage/record.js';
import { explainFailure } from './failure.js';
import type { Host } from './host.js';
import { describeLook } from './look.js';
import { type MirrorSettings, withMirror } from './mirroring.js';
import type { PricesRequest, RepriceRequest } from './price-options.js';
import { formatJson, showReport } from './show.js';

export interface PriceSettings extends MirrorSettings {
  readonly userPrices: readonly PriceEntry[];
}

/** Writes what is asked for to the host. Returns the exit code: 1 when there is nothing to show. */
export async function runPriceCommand(
  request: PricesRequest | RepriceRequest,
  host: Host,
  settings: PriceSettings,
): Promise<number> {
  if (request.kind === 'prices' && request.model !== undefined) {
    return showModel(request, request.model, host, settings);
  }
  return await showReport(request, host, settings, (store) => {
    return request.kind === 'prices'
      ? showUsed(store, request, host, settings)
      : repriceAll(store, request, host, settings);
  });
}

/** Needs no database. */
function showModel(request: PricesRequest, model: string, host: Host, { userPrices, database }: PriceSettings): number {
  const prices = describeModel(model, userPrices, Date.now());
  if (prices.changes.length === 0) {
    const error = new ReportError(
      'unknown',
      [`No price is known for the model ${model}.`, explainUnpriced(model), PRICE_ADVICE].filter(Boolean).join(' '),
    );
    const failure = explainFailure(error, { database, timeZone: request.timeZone });
    if (request.format === 'json') host.stdout.write(formatJson(failure?.json ?? {}));
    host.stderr.write(failure?.text ?? '');
    return 1;
  }
  const isData = request.format === 'json';
  const look = { ...describeLook(request, host), nowMs: Date.now() };
  host.stdout.write(isData ? formatJson(toPricesJson([prices])) : renderModelPrices(prices, look));
  return 0;
}

function showUsed(store: Store, request: PricesRequest, host: Host, { userPrices }: PriceSettings): string {
  const models = readSnapshot(store, (connection) => listUsedModels(connection, userPrices, Date.now()));
  if (models.length === 0) throw new ReportError('nothing-metered', 'No usage has been recorded yet.');
  if (request.format === 'json') return formatJson(toPricesJson(models));
  return renderUsedPrices(models, { ...describeLook(request, host), nowMs: Date.now() });
}

async function repriceAll(store: Store, request: RepriceRequest, host: Host, settings: PriceSettings): Promise<string> {
  const { since, until, model, mode, timeZone } = request;
  const pricer = new Pricer(createPriceBook({ user: settings.userPrices }));
  const filter = { model, ...toMoments({ since, until }, createCalendar(timeZone)) };
  const priceOf = (response: ModelResponse) => pricer.price(response).response;
  const repricing = await withMirror(settings, (mirror) =>
    mirror.during(store, (expect) =>
      explainingFaults(store.path, () => reprice(store.connection, { filter, priceOf, mode, onChange: expect })),
    ),
  );
  if (repricing.responses === 0) throw new ReportError('nothing-in-range', 'There is no such usage.');
  if (request.format === 'json') return formatJson(toRepricingJson(repricing, mode));
  return renderRepricing(repricing, mode, describeLook(request, host));
}
