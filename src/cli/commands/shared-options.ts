import { InvalidArgumentError } from 'commander';
import { readDuration } from '../../config/fleet.js';
import { type Day, parseDay } from '../../report/calendar.js';
import { type TagFilter, toTagFilter } from '../../store/tags.js';
import { normaliseTimeZone } from '../../usage/day.js';
import { COST_UNITS } from '../../usage/options.js';
import { PROVIDERS } from '../../usage/provider.js';
import { parseTag, type Tag } from '../../usage/tags.js';
import type { OptionSpec } from './command.js';

/** Options that mean the same wherever they are offered. */
export const SINCE = {
  ...{ short: 's', value: '<day>', text: 'from this day on: YYYY-MM-DD or YYYYMMDD' },
  parse: parseDate,
} satisfies OptionSpec;
export const UNTIL = {
  ...{ short: 'u', value: '<day>', text: 'up to this day, inclusive' },
  parse: parseDate,
} satisfies OptionSpec;
export const DAYS_OF_TIME_ZONE = describeTimeZone('count days in this IANA time zone');
export const TIMES_OF_TIME_ZONE = describeTimeZone('show times in this IANA time zone');
export const NO_IMPORT = { text: 'without looking for new past sessions first' } satisfies OptionSpec;
export const JSON_NOT_TABLE = { short: 'j', text: 'JSON instead of a table' } satisfies OptionSpec;
export const JSON_NOT_TEXT = { short: 'j', text: 'JSON instead of text' } satisfies OptionSpec;
export const UNIT = {
  value: '<unit>',
  text: 'credits: beside USD also the credits of a ChatGPT plan (default: "unit" in codex-metered.toml, or usd)',
  choices: COST_UNITS,
} satisfies OptionSpec;
export const PROVIDER = {
  ...{ value: '<name>', text: 'whose usage', initial: 'all' },
  choices: [...PROVIDERS, 'all'],
} as const satisfies OptionSpec;
export const PROJECT = { value: '<id>', text: 'only this project' } satisfies OptionSpec;
export const MODEL = {
  ...{ value: '<name>', text: 'only this model, or those that a pattern such as "gpt-5*" means' },
} satisfies OptionSpec;
export const BRANCH = {
  ...{
    value: '<name>',
    text: 'only what was done on this branch, or on those that a pattern such as "release/*" means',
  },
  many: true,
} as const satisfies OptionSpec;
export const TAG = {
  ...{ value: '<key=value>', text: 'only what has this tag; several values for a key: any of them; several keys: all' },
  ...{ many: true, parse: parseWantedTag },
} as const satisfies OptionSpec;
export const FLEET = { text: 'of all machines of the fleet, as codex-usage pull brought it' } satisfies OptionSpec;
export const NO_COLOR = { text: 'no colours; so does NO_COLOR' } satisfies OptionSpec;

/** `text` says what the time zone is for. */
export function describeTimeZone(text: string) {
  return {
    ...{ short: 'z', value: '<name>', text: `${text} (default: the system's)` },
    parse: parseTimeZone,
  } satisfies OptionSpec;
}

/** What `--branch` and `--tag` ask for together. */
export function toWantedTags(options: {
  readonly branch?: readonly string[] | undefined;
  readonly tag?: readonly Tag[] | undefined;
}): TagFilter | undefined {
  const branches = (options.branch ?? []).map((value): Tag => ({ key: 'branch', value }));
  return toTagFilter([...branches, ...(options.tag ?? [])]);
}

function parseWantedTag(text: string): Tag {
  const tag = parseTag(text);
  if (typeof tag !== 'string') return tag;
  throw new InvalidArgumentError(`Use key=value, such as team=search: ${tag}.`);
}

/** A whole number above zero. */
export function parseCount(text: string): number {
  const count = Number(text);
  if (/^\d+$/.test(text) && count > 0) return count;
  throw new InvalidArgumentError('Use a whole number above zero.');
}

/** `20s` as milliseconds. */
export function parseDuration(text: string): number {
  const ms = readDuration(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError('Use a duration such as 500ms, 20s or 5m.');
}

function parseTimeZone(name: string): string {
  const zone = normaliseTimeZone(name);
  if (zone !== undefined) return zone;
  throw new InvalidArgumentError('Use an IANA name, such as Europe/Berlin or UTC.');
}

function parseDate(text: string): Day {
  const day = parseDay(text);
  if (day === undefined) throw new InvalidArgumentError('Use a day such as 2026-11-24 or 20261124.');
  return day;
}
