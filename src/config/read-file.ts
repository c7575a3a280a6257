import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import { closestMatch } from 'leven';
import { messageOf, UsageError } from '../errors.js';
import { readRegularFile } from '../files/regular-file.js';
import { convertToNanoUsdPerToken, type PriceEntry, type Rates } from '../pricing/price.js';
import { BUDGET_SCOPES, BUDGET_UNITS, type BudgetLimit } from '../usage/budget.js';
import { PHASES } from '../usage/phase.js';
import { readMinLeft } from './budgets.js';
import { CONFIG_LIMIT_BYTES, type FoundFile } from './find-files.js';
import { toFleetTarget } from './fleet-schema.js';
import { CONFIG_FILE, type ConfigFileValues, listKnownKeys } from './schema.js';
import type { OutputPattern, Subscription } from './settings.js';
import { type KeyPath, parseToml, type TomlDocument } from './toml.js';

/** What a configuration file says; what it does not say is undefined or empty. Paths are absolute. */
export interface ConfigFile extends FoundFile, ReturnType<typeof convert> {
  readonly lineOf: (path: readonly (string | number)[]) => number;
}

/** Reads and checks a configuration file. Throws a UsageError that names every key that is wrong, and its line. */
export function readConfigFile({ path, origin }: FoundFile): ConfigFile {
  const parsed = parseToml(readText(path));
  if ('problem' in parsed) throw new UsageError(`${path}:${parsed.line}: this is not TOML: ${parsed.problem}.`);
  const checked = CONFIG_FILE.safeParse(parsed.value);
  if (!checked.success) {
    const faults = checked.error.issues.flatMap((issue) => describeIssue(issue, parsed, path));
    throw new UsageError(faults.join('\n'));
  }
  // A repository that was cloned must neither run programs of its choice, nor have the record sent where it likes.
  const [reserved] = (['hooks', 'fleet'] as const).filter((key) => checked.data[key]);
  if (reserved && origin === 'project file') {
    throw new UsageError(`${path}:${parsed.lineOf([reserved])}: ${RESERVED[reserved]}: move them there.`);
  }
  return { path, origin, lineOf: parsed.lineOf, ...convert(checked.data, path) };
}

/** What the user's own file alone may set. */
const RESERVED = {
  hooks: "hooks are run for the user's own file alone",
  fleet: "targets of the fleet are read from the user's own file alone",
} as const;

function readText(path: string): string {
  try {
    return readRegularFile(path, CONFIG_LIMIT_BYTES).toString('utf8');
  } catch (error) {
    throw new UsageError(`The configuration file ${path} cannot be read: ${messageOf(error)}.`);
  }
}

type Issue = {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
};

function describeIssue({ code, path, message, keys = [] }: Issue, document: TomlDocument, file: string): string[] {
  const at = (where: readonly PropertyKey[]) => `${file}:${document.lineOf(where as KeyPath)}:`;
  if (code !== 'unrecognized_keys') {
    const isMissing = lookUp(document.value, path) === undefined;
    return [`${at(path)} ${nameKey(path)} ${isMissing ? 'is missing' : message}.`];
  }
  return keys.map((key) => {
    const nearest = closestMatch(key, listKnownKeys(path), { maxDistance: 1 + Math.ceil(key.length / 3) });
    const advice = nearest ? `did you mean "${nearest}"?` : `known here are ${listKnownKeys(path).join(', ')}.`;
    return `${at([...path, key])} there is no key "${nameKey([...path, key])}": ${advice}`;
  });
}

function lookUp(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce((inner, key) => (inner as Record<PropertyKey, unknown> | undefined)?.[key], value);
}

/** `prices[0].input`, as a reader counts: from 1. */
function nameKey(path: readonly PropertyKey[]): string {
  return path.reduce<string>((name, key) => {
    if (typeof key === 'number') return `${name}[${key + 1}]`;
    return name === '' ? String(key) : `${name}.${String(key)}`;
  }, '');
}

function convert(values: ConfigFileValues, path: string) {
  const { project, time_zone, unit, output_pattern, phases = {}, budget = {}, hooks, subscriptions, prices } = values;
  const { ticket, ...tags } = values.tags ?? {};
  return {
    project,
    timeZone: time_zone,
    unit,
    database: resolvePath(values.database, path),
    costRecords: resolvePath(values.cost_records, path),
    estimates: values.cost_records_estimates,
    outputPattern: output_pattern,
    phasePatterns: PHASES.flatMap((phase): OutputPattern[] => {
      return (phases[phase] ?? []).map((pattern) => ({ pattern, phase }));
    }),
    limits: listLimits(budget),
    onBudget: budget.on_budget,
    minLeft: budget.min_left === undefined ? undefined : readMinLeft(budget.min_left),
    hooks,
    subscriptions: subscriptions?.map(
      ({ usd_per_month, ...one }): Subscription => ({ ...one, usdPerMonth: usd_per_month }),
    ),
    prices: prices?.map(toPriceEntry),
    tags: Object.entries(tags).map(([key, value]) => ({ key, value: value.trim() })),
    /** What finds a ticket in the name of a branch. */
    ticketPattern: ticket,
    fleet: Object.entries(values.fleet ?? {}).map(([name, target]) => toFleetTarget(name, target, path)),
  };
}

/** Relative to the configuration file at `file`. */
function resolvePath(written: string | undefined, file: string): string | undefined {
  return written && resolve(dirname(file), written.replace(/^~(?=[/\\])/, homedir()));
}

function listLimits(budget: NonNullable<ConfigFileValues['budget']>): BudgetLimit[] {
  return BUDGET_SCOPES.flatMap((scope) =>
    BUDGET_UNITS.flatMap((unit): BudgetLimit[] => {
      const written = budget[scope]?.[unit];
      if (written === undefined) return [];
      const of = budget[scope]?.scope;
      return [{ scope, unit, amount: unit === 'usd' ? Math.round(written * 1e9) : written, ...(of && { of }) }];
    }),
  );
}

type PriceValues = NonNullable<ConfigFileValues['prices']>[number];

function toPriceEntry(values: PriceValues): PriceEntry {
  const { model, from, until, priority, flex, ultrafast, long_context, ...rates } = values;
  return {
    model,
    from: from ?? null,
    ...(until === undefined ? {} : { until }),
    rates: toRates(rates),
    ...(long_context && {
      longContext: { aboveInputTokens: long_context.above_input_tokens, rates: toRates(long_context) },
    }),
    tierMultipliers: {
      ...(priority !== undefined && { priority }),
      ...(flex !== undefined && { flex }),
      ...(ultrafast !== undefined && { ultrafast }),
    },
  };
}

/** Without a price of its own, a cached token costs what any other does. */
function toRates({ input, cached_input = input, cache_write, output }: Pick<PriceValues, keyof RateValues>): Rates {
  return {
    input: convertToNanoUsdPerToken(input),
    cachedInput: convertToNanoUsdPerToken(cached_input),
    cacheWrite: cache_write === undefined ? null : convertToNanoUsdPerToken(cache_write),
    output: convertToNanoUsdPerToken(output),
  };
}

type RateValues = Pick<PriceValues, 'input' | 'cached_input' | 'cache_write' | 'output'>;
