import type { Command } from 'commander';
import { UsageError } from '../../errors.js';
import type { Day } from '../../report/calendar.js';
import { parseDate, parseTimeZone } from './option-values.js';

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
docs/pricing.md tells the rules.

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

/** Adds `prices` and `reprice` to `program`; `perform` is called with what is asked for. */
export function addPriceCommands(
  program: Command,
  perform: (request: PricesRequest | RepriceRequest) => Promise<void>,
): void {
  program
    .command('prices [model]')
    .summary('what a model costs, since when, and where its price comes from')
    .description('Shows what a model costs, what it cost before, and where its price comes from.')
    .option('-j, --json', 'JSON instead of a table')
    .option('--no-color', 'no colours; so does NO_COLOR')
    .addHelpText('after', PRICES_HELP)
    .action((model: string | undefined, options: Options) => {
      return perform({ kind: 'prices', model, ...describeShown(options) });
    });
  program
    .command('reprice')
    .summary('compute recorded costs anew with the prices known now')
    .description('Computes the costs of recorded responses anew, with the prices known now.')
    .option('-s, --since <day>', 'from this day on: YYYY-MM-DD or YYYYMMDD', parseDate)
    .option('-u, --until <day>', 'up to this day, inclusive', parseDate)
    .option('--model <name>', 'only this model, or those that a pattern such as "gpt-5*" means')
    .option('-n, --dry-run', 'show what would change, and change nothing')
    .option('-z, --timezone <name>', "count days in this IANA time zone (default: the system's)", parseTimeZone)
    .option('-j, --json', 'JSON instead of a table')
    .option('--no-color', 'no colours; so does NO_COLOR')
    .addHelpText('after', REPRICE_HELP)
    .action((options: Options) => {
      const { since, until, model } = options;
      if (since !== undefined && until !== undefined && since > until) {
        throw new UsageError('--since is after --until: there is no day between them.');
      }
      const mode = options.dryRun ? 'dry-run' : 'write';
      return perform({ kind: 'reprice', since, until, model, mode, ...describeShown(options) });
    });
}

function describeShown({ json, color, timezone }: Options): Shown {
  return { format: json ? 'json' : 'text', color: color ? 'auto' : 'never', timeZone: timezone };
}
