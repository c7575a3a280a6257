import { UsageError } from '../../errors.js';
import type { Day } from '../../report/calendar.js';
import { addressOfDocs } from '../../usage/docs.js';
import type { CommandDescription } from './description.js';
import { DAYS_OF_TIME_ZONE, JSON_NOT_TABLE, NO_COLOR, SINCE, UNTIL } from './shared-options.js';

interface Shown {
  readonly format: 'text' | 'json';
  readonly color: 'auto' | 'never';
  readonly timeZone: string | undefined;
}

/** What is asked of `codex-usage prices`. Without a model: those that were used. */
export interface PricesRequest extends Shown {
  readonly kind: 'prices';
  readonly model: string | undefined;
}

/** What is asked of `codex-usage reprice`. */
export interface RepriceRequest extends Shown {
  readonly kind: 'reprice';
  readonly model: string | undefined;
  readonly since: Day | undefined;
  readonly until: Day | undefined;
  readonly mode: 'write' | 'dry-run';
}

interface Options {
  readonly json?: boolean;
  readonly color: boolean;
  readonly model?: string;
  readonly since?: Day;
  readonly until?: Day;
  readonly dryRun?: boolean;
  readonly timezone?: string;
}

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

/** `prices` and `reprice`; `perform` is called with what is asked for. */
export function describePriceCommands(
  perform: (request: PricesRequest | RepriceRequest) => Promise<void>,
): CommandDescription[] {
  return [
    {
      name: 'prices',
      argument: { flags: '[model]' },
      summary: 'what a model costs, since when, and where its price comes from',
      description: 'Shows what a model costs, what it cost before, and where its price comes from.',
      options: [JSON_NOT_TABLE, NO_COLOR],
      help: PRICES_HELP,
      perform: (options: Options, model) => perform({ kind: 'prices', model, ...describeShown(options) }),
    },
    {
      name: 'reprice',
      summary: 'compute recorded costs anew with the prices known now',
      description: 'Computes the costs of recorded responses anew, with the prices known now.',
      options: [
        SINCE,
        UNTIL,
        { flags: '--model <name>', text: 'only this model, or those that a pattern such as "gpt-5*" means' },
        { flags: '-n, --dry-run', text: 'show what would change, and change nothing' },
        DAYS_OF_TIME_ZONE,
        JSON_NOT_TABLE,
        NO_COLOR,
      ],
      help: REPRICE_HELP,
      perform: (options: Options) => perform(toRepriceRequest(options)),
    },
  ];
}

function toRepriceRequest(options: Options): RepriceRequest {
  const { since, until, model } = options;
  if (since !== undefined && until !== undefined && since > until) {
    throw new UsageError('--since is after --until: there is no day between them.');
  }
  const mode = options.dryRun ? 'dry-run' : 'write';
  return { kind: 'reprice', since, until, model, mode, ...describeShown(options) };
}

function describeShown({ json, color, timezone }: Options): Shown {
  return { format: json ? 'json' : 'text', color: color ? 'auto' : 'never', timeZone: timezone };
}
