import { InvalidArgumentError } from 'commander';
import { readDuration } from '../../config/fleet.js';
import { UsageError } from '../../errors.js';
import { type Day, parseDay } from '../../report/calendar.js';
import { type TagFilter, toTagFilter } from '../../store/tags.js';
import { normaliseTimeZone } from '../../usage/day.js';
import { COST_UNITS } from '../../usage/options.js';
import { PROVIDERS } from '../../usage/provider.js';
import { parseTag, type Tag } from '../../usage/tags.js';
import type { OptionSpec } from './command.js';

/*
 * Options that mean the same wherever they are offered.
 */

export const DAYS = {
  since: { short: 's', value: '<day>', text: 'from this day on: YYYY-MM-DD or YYYYMMDD', parse: parseDate },
  until: { short: 'u', value: '<day>', text: 'up to this day, inclusive', parse: parseDate },
} satisfies Record<string, OptionSpec>;
export const PROJECT = { value: '<id>', text: 'only this project' } satisfies OptionSpec;
export const MODEL = {
  ...{ value: '<name>', text: 'only this model, or those that a pattern such as "gpt-5*" means' },
} satisfies OptionSpec;
export const TAGS = {
  branch: {
    ...{ value: '<name>', many: true },
    text: 'only what was done on this branch, or on those that a pattern such as "release/*" means',
  },
  tag: {
    ...{ value: '<key=value>', many: true, parse: parseWantedTag },
    text: 'only what has this tag; several values for a key: any of them; several keys: all',
  },
} as const satisfies Record<string, OptionSpec>;
/** Which responses a report over time is about. */
export const FILTERS = { ...DAYS, project: PROJECT, model: MODEL, ...TAGS } as const;
export const PROVIDER = {
  ...{ value: '<name>', text: 'whose usage', initial: 'all' },
  choices: [...PROVIDERS, 'all'],
} as const satisfies OptionSpec;
export const DAYS_OF_TIME_ZONE = describeTimeZone('count days in this IANA time zone');
export const TIMES_OF_TIME_ZONE = describeTimeZone('show times in this IANA time zone');
export const UNIT = {
  value: '<unit>',
  text: 'credits: beside USD also the credits of a ChatGPT plan (default: "unit" in codex-metered.toml, or usd)',
  choices: COST_UNITS,
} satisfies OptionSpec;
export const FLEET = { text: 'of all machines of the fleet, as codex-usage pull brought it' } satisfies OptionSpec;
export const NO_IMPORT = { text: 'without looking for new past sessions first' } satisfies OptionSpec;
export const JSON_NOT_TABLE = { short: 'j', text: 'JSON instead of a table' } satisfies OptionSpec;
export const JSON_NOT_TEXT = { short: 'j', text: 'JSON instead of text' } satisfies OptionSpec;
export const MARKDOWN = { text: 'the report as Markdown, for the summary of a CI job' } satisfies OptionSpec;
export const NO_COLOR = { text: 'no colours; so does NO_COLOR' } satisfies OptionSpec;

/** `text` says what the time zone is for. */
export function describeTimeZone(text: string) {
  return {
    ...{ short: 'z', value: '<name>', parse: parseTimeZone },
    text: `${text} (default: the system's)`,
  } satisfies OptionSpec;
}

/** Throws a UsageError where there is no day between the first and the last. */
export function expectDays({ since, until }: { since: Day | undefined; until: Day | undefined }): void {
  if (since === undefined || until === undefined || since <= until) return;
  throw new UsageError('--since is after --until: there is no day between them.');
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
