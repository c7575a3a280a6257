import * as z from 'zod/mini';
import { BUDGET_SCOPES, isBudgetPeriod, ON_BUDGET } from '../usage/budget.js';
import { normaliseTimeZone } from '../usage/day.js';
import { COST_UNITS, ESTIMATE_MODES } from '../usage/options.js';
import { PHASES } from '../usage/phase.js';
import { findTagFault, isTooLong, MOST_TAG_CHARACTERS } from '../usage/tags.js';
import { MIN_LEFT_EXAMPLE, readMinLeft } from './budgets.js';
import { FLEET_TARGET } from './fleet-schema.js';
import { HOOKS } from './hooks.js';

const text = z.string({ error: 'must be text in quotes' }).check(z.minLength(1, 'is empty'));
const above0 = z.number({ error: 'must be a number' }).check(z.positive('must be above zero'));
const amount = z.number({ error: 'must be a number' }).check(z.nonnegative('must be zero or more'));
const tokens = above0.check(z.int('must be a whole number'));

const pattern = text.check(z.refine(isExpression, 'is not a regular expression'));
const asList = z.transform((one: string) => [one]);
const patterns = z.union([z.pipe(pattern, asList), z.array(pattern)], {
  error: 'must be a regular expression in quotes, or a list of them',
});

/** TOML's own dates arrive as a Date at 00:00 UTC. */
const dateAsDay = z.pipe(
  z.date(),
  z.transform((date) => date.toISOString().slice(0, 10)),
);
const NO_DAY = 'must be a day such as 2026-01-31';
const day = z.pipe(z.union([dateAsDay, z.string()], { error: NO_DAY }), z.string().check(z.refine(isDay, NO_DAY)));

const timeZone = z.pipe(
  text.check(z.refine((name) => normaliseTimeZone(name) !== undefined, 'must be an IANA name, such as Europe/Berlin')),
  z.transform((name) => normaliseTimeZone(name) ?? name),
);

const usd = above0.check(z.refine((amount) => amount * 1e9 <= Number.MAX_SAFE_INTEGER, 'is too large'));
const ofMachine = tableOf({ usd, tokens });
/** `scope`: whose spending counts. A run and an invocation are of one machine. */
const limits = tableOf({ usd, tokens, scope: z.enum(['fleet'], { error: 'must be "fleet", or be left out' }) });

/** A program with its arguments, or a command line for `sh -c`. */
const command = z.union([text, z.array(text).check(z.minLength(1))], {
  error: 'must be a program with its arguments in a list, or a command line in quotes',
});

const rates = { input: amount, cached_input: z.optional(amount), cache_write: z.optional(amount), output: amount };
const price = z
  .strictObject(
    {
      model: text,
      ...rates,
      from: z.optional(day),
      until: z.optional(day),
      priority: z.optional(amount),
      flex: z.optional(amount),
      ultrafast: z.optional(amount),
      long_context: z.optional(z.strictObject({ above_input_tokens: tokens, ...rates }, TABLE())),
    },
    TABLE(),
  )
  .check(
    z.refine(({ from, until }) => !from || !until || from <= until, {
      error: 'is before the day from which it holds',
      path: ['until'],
    }),
  );

/** `ticket` is what finds one in the name of a branch; every other key is a tag. */
const tags = z.record(z.string(), text, { error: 'must be a table of keys and texts' }).check(
  z.check(({ value, issues }) => {
    for (const [key, written] of Object.entries(value)) {
      const tag = { key, value: written.trim() };
      const fault = isTooLong(tag) ? `it has more than ${MOST_TAG_CHARACTERS} characters` : findTagFault(tag);
      const refuse = (message: string) => issues.push({ code: 'custom', input: written, path: [key], message });
      if (key === 'ticket' && !isExpression(written)) refuse('is not a regular expression');
      if (key !== 'ticket' && fault !== undefined) refuse(`is not a tag: ${fault}`);
    }
  }),
);
/** The name of a target also names the file of a lock. */
const fleet = z.record(z.string(), FLEET_TARGET, { error: 'must be tables: [fleet.NAME]' }).check(
  z.check(({ value, issues }) => {
    for (const name of Object.keys(value).filter((one) => !/^[\w.-]{1,64}$/.test(one))) {
      const message = 'is no name for a target: use letters, digits, dots, dashes and underscores';
      issues.push({ code: 'custom', input: name, path: [name], message });
    }
  }),
);

/** What a `codex-metered.toml` may say. docs/config.md explains every key. */
export const CONFIG_FILE = tableOf({
  project: text,
  time_zone: timeZone,
  unit: oneOf(COST_UNITS),
  database: text,
  cost_records: text,
  cost_records_estimates: oneOf(ESTIMATE_MODES),
  output_pattern: pattern,
  phases: tableOf(keyed(PHASES, () => patterns)),
  budget: tableOf({
    on_budget: oneOf(ON_BUDGET),
    min_left: text.check(z.refine((one) => readMinLeft(one) !== undefined, `must be such as "${MIN_LEFT_EXAMPLE}"`)),
    // The narrower of the two schemas has the keys of the wider one.
    ...keyed(BUDGET_SCOPES, (scope) => (isBudgetPeriod(scope) ? limits : (ofMachine as typeof limits))),
  }),
  hooks: tableOf(keyed(HOOKS, () => command)),
  subscriptions: z.array(z.strictObject({ provider: text, name: text, usd_per_month: above0, since: day }, TABLE()), {
    error: 'must be tables: [[subscriptions]]',
  }),
  tags,
  fleet,
  prices: z.array(price, { error: 'must be tables: [[prices]]' }),
});

export type ConfigFileValues = z.infer<typeof CONFIG_FILE>;

/** The keys that are known in the table at `path`. */
export function listKnownKeys(path: readonly PropertyKey[]): string[] {
  let schema: unknown = CONFIG_FILE;
  for (const key of path) {
    const { shape, element, valueType } = unwrap(schema);
    schema = typeof key === 'number' ? element : (shape?.[String(key)] ?? valueType);
  }
  return Object.keys(unwrap(schema).shape ?? {});
}

/** All keys that hold a value, such as `budget.run.usd`. A list of tables is one key, and so is a table whose keys are the user's. */
export function listSettingKeys(path: readonly string[] = []): string[] {
  const keys = listKnownKeys(path);
  return keys.length === 0 ? [path.join('.')] : keys.flatMap((key) => listSettingKeys([...path, key]));
}

interface Unwrapped {
  readonly shape?: Record<string, unknown>;
  readonly element?: unknown;
  readonly valueType?: unknown; // of a record
}

function unwrap(schema: unknown): Unwrapped {
  const { def } = schema as { def: Unwrapped & { innerType?: unknown } };
  return def.innerType ? unwrap(def.innerType) : def;
}

/** A table of which every key may be left out. */
function tableOf<Shape extends z.core.$ZodShape>(shape: Shape) {
  return z.partial(z.strictObject(shape, TABLE()));
}

function keyed<Key extends string, Schema>(keys: readonly Key[], schemaOf: (key: Key) => Schema) {
  return Object.fromEntries(keys.map((key) => [key, schemaOf(key)])) as Record<Key, Schema>;
}

function oneOf<const Word extends string>(words: readonly Word[]) {
  return z.enum(words, { error: `must be ${words.map((one) => `"${one}"`).join(' or ')}` });
}

/** An unknown key keeps the issue's own data, from which the nearest known one is found. */
function TABLE() {
  return { error: (issue: { code: string }) => (issue.code === 'unrecognized_keys' ? undefined : 'must be a table') };
}

function isExpression(source: string): boolean {
  try {
    return Boolean(new RegExp(source));
  } catch {
    return false;
  }
}

function isDay(written: string): boolean {
  const ms = Date.parse(written);
  return !Number.isNaN(ms) && new Date(ms).toISOString().slice(0, 10) === written;
}
