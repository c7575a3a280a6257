import { type Day, parseDay } from '../report/calendar.js';
import { type TagFilter, toTagFilter } from '../store/tags.js';
import { PROVIDERS, type Provider } from '../usage/provider.js';
import { parseTag, type Tag } from '../usage/tags.js';

/** A query that asks for what cannot be. `message` says what can be asked for. */
export class ParameterError extends Error {
  override readonly name = 'ParameterError';
}

/** Turns the text of one parameter, undefined when it is absent, into its value. Throws a ParameterError. */
export type Parser<Value> = (text: string | undefined, name: string) => Value;

export type Parsers<Values> = { readonly [Name in keyof Values]: Parser<Values[Name]> };

/**
 * Reads the parameters of a query. One that is unknown, or stands there twice and is none of tags, is an error: nobody meant it.
 */
export function parseParameters<Values extends object>(query: URLSearchParams, parsers: Parsers<Values>): Values {
  const names = Object.keys(parsers) as (keyof Values & string)[];
  for (const name of new Set(query.keys())) {
    if (!(names as string[]).includes(name)) {
      const known = names.length === 0 ? 'It takes none.' : `There is: ${names.join(', ')}.`;
      throw new ParameterError(`There is no parameter "${name}". ${known}`);
    }
    if (query.getAll(name).length > 1 && !(name in TAG_PARAMETERS))
      throw new ParameterError(`"${name}" is given more than once.`);
  }
  const entries = names.map((name) => [
    name,
    parsers[name](query.has(name) ? query.getAll(name).join(BETWEEN_VALUES) : undefined, name),
  ]);
  return Object.fromEntries(entries) as Values;
}

export function oneOf<Value extends string>(values: readonly Value[], fallback: Value): Parser<Value> {
  return (text, name) => {
    if (text === undefined) return fallback;
    const value = values.find((one) => one === text);
    if (value === undefined) throw new ParameterError(`"${name}" is one of ${values.join(', ')}, not "${text}".`);
    return value;
  };
}

/** Undefined for `all`, which is the default. */
export const provider: Parser<Provider | undefined> = (text, name) => {
  const chosen = oneOf(['all', ...PROVIDERS], 'all')(text, name);
  return chosen === 'all' ? undefined : chosen;
};

const day: Parser<Day | undefined> = (text, name) => {
  if (text === undefined) return undefined;
  const parsed = parseDay(text);
  if (parsed === undefined) throw new ParameterError(`"${name}" is a day such as 2026-11-24, not "${text}".`);
  return parsed;
};

/** An IANA name; undefined for the system's time zone. */
const timeZone: Parser<string | undefined> = (text, name) => {
  if (text === undefined) return undefined;
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone;
  } catch {
    throw new ParameterError(`"${name}" is an IANA name such as Europe/Berlin or UTC, not "${text}".`);
  }
};

/** A whole number from 1 to `most`. */
export function count(fallback: number, most: number): Parser<number> {
  return (text, name) => {
    if (text === undefined) return fallback;
    const value = Number(text);
    if (/^\d{1,9}$/.test(text) && value > 0 && value <= most) return value;
    throw new ParameterError(`"${name}" is a whole number from 1 to ${most}, not "${text}".`);
  };
}

export const name: Parser<string | undefined> = (text, parameter) => {
  if (text === '') throw new ParameterError(`"${parameter}" is empty.`);
  return text;
};

export const requiredName: Parser<string> = (text, parameter) => {
  if (text) return text;
  throw new ParameterError(`"${parameter}" is missing.`);
};

/** Undefined when it is absent. */
export function optional<Value>(parser: Parser<Value>): Parser<Value | undefined> {
  return (text, parameter) => (text === undefined ? undefined : parser(text, parameter));
}

/** Between the values of a parameter that stands there several times. No tag has a line break. */
const BETWEEN_VALUES = '\n';

/** Which tags are asked for; each parameter may be given several times. */
export interface TagQuery {
  readonly branch?: readonly Tag[];
  readonly tag?: readonly Tag[];
}

const TAG_PARAMETERS: Parsers<Required<TagQuery>> = {
  branch: (text, parameter) => split(text).map((value) => expectTag(`branch=${value}`, parameter)),
  tag: (text, parameter) => split(text).map((written) => expectTag(written, parameter)),
};

export function toWantedTags({ branch = [], tag = [] }: TagQuery): TagFilter | undefined {
  return toTagFilter([...branch, ...tag]);
}

function split(text: string | undefined): string[] {
  return text === undefined ? [] : text.split(BETWEEN_VALUES);
}

function expectTag(written: string, parameter: string): Tag {
  const tag = parseTag(written);
  if (typeof tag !== 'string') return tag;
  throw new ParameterError(`"${parameter}" is not a tag such as team=search: ${tag}.`);
}

/** Which usage is meant. Without `since` or `until` it has no first or no last day. */
export interface UsageFilterQuery extends TagQuery {
  readonly project: string | undefined;
  readonly model: string | undefined;
  readonly since: Day | undefined;
  readonly until: Day | undefined;
  readonly timezone: string | undefined;
}

export const USAGE_FILTER: Parsers<UsageFilterQuery> = {
  project: name,
  model: name,
  since: day,
  until: day,
  timezone: timeZone,
  ...TAG_PARAMETERS,
};

/** Which runs or sessions a list holds, and how many at most. `text` is a part of a name. */
export interface ListQuery extends UsageFilterQuery {
  readonly text: string | undefined;
  readonly last: number;
}

export const LIST_PARAMETERS: Parsers<ListQuery> = { ...USAGE_FILTER, text: name, last: count(50, 1000) };
