import { resolve } from 'node:path';
import { UsageError } from '../errors.js';
import type { PriceEntry } from '../pricing/price.js';
import { type BudgetLimit, type MinLeft, ON_BUDGET, type OnBudget } from '../usage/budget.js';
import { normaliseTimeZone } from '../usage/day.js';
import type { FleetTarget } from '../usage/fleet-target.js';
import { type CostUnit, ESTIMATE_MODES, type EstimateMode } from '../usage/options.js';
import type { Phase } from '../usage/phase.js';
import type { Tag } from '../usage/tags.js';
import { parseMinLeft, resolveLimits } from './budgets.js';
import type { UnsuitableFile } from './find-files.js';
import { resolveFleet } from './fleet.js';
import { HOOKS, type Hook, type HookCommands } from './hooks.js';
import type { ConfigFile } from './read-file.js';
import { type Setting, settingOf } from './setting.js';
import { resolveTags } from './tags.js';

/**
 * A pattern for the path of `--output-last-message` with the named groups `run`, `phase` and `iteration`, or for those of
 * one phase.
 */
export interface OutputPattern {
  readonly pattern: string;
  readonly phase?: Phase;
}

/** What a plan costs that is not billed per token. `since` is a day, `YYYY-MM-DD`. */
export interface Subscription {
  readonly provider: string;
  readonly name: string;
  readonly usdPerMonth: number;
  readonly since: string;
}

/** All settings, each with its origin. */
export interface Settings {
  readonly project: Setting<string | undefined>;
  /** An IANA name; undefined is the system's. */
  readonly timeZone: Setting<string | undefined>;
  /** The unit in which reports and the dashboard show costs. */
  readonly unit: Setting<CostUnit>;
  /** Undefined: in the platform's folder for data. */
  readonly database: Setting<string | undefined>;
  /** Another program's database, whose table `cost_records` is kept up to date too. Absolute. */
  readonly costRecords: Setting<string | undefined>;
  /** What becomes of that program's own rows for our invocations. */
  readonly estimates: Setting<EstimateMode>;
  /** For the path of `--output-last-message`, in the order in which they are tried. */
  readonly outputPatterns: readonly Setting<OutputPattern>[];
  readonly onBudget: Setting<OnBudget>;
  /** How much of rate limits must be left for a run to start; `onBudget` says what happens otherwise. */
  readonly minLeft: Setting<readonly MinLeft[]>;
  /** Programs that the meter runs. Of the user's file alone. */
  readonly hooks: readonly Setting<Hook>[];
  readonly limits: readonly Setting<BudgetLimit>[];
  /** Of all files, the project's first. */
  readonly subscriptions: readonly Setting<Subscription>[];
  /** When the project's file has prices of a model, those of the user's file for it are left out. */
  readonly prices: readonly Setting<PriceEntry>[];
  /** What the user gives every invocation, the strongest first: several may have the same key. */
  readonly tags: readonly Setting<Tag>[];
  /** Finds a ticket in the name of a branch. */
  readonly ticketPattern: Setting<string | undefined>;
  /** Of the environment and of the user's file alone. */
  readonly fleet: readonly Setting<FleetTarget>[];
  /** Paths of configuration files at which there is something else. */
  readonly passedOver: readonly UnsuitableFile[];
}

/** What options and the environment may say of the settings: the option without its prefix, and its variable. */
export const SETTING_VARIABLES = {
  project: 'CODEX_METERED_PROJECT',
  'time-zone': 'CODEX_METERED_TIME_ZONE',
  db: 'CODEX_METERED_DB',
  'cost-records': 'CODEX_METERED_COST_RECORDS',
  'cost-records-estimates': 'CODEX_METERED_COST_RECORDS_ESTIMATES',
  'output-pattern': 'CODEX_METERED_OUTPUT_PATTERN',
  'budget-usd': 'CODEX_METERED_BUDGET_USD',
  'budget-tokens': 'CODEX_METERED_BUDGET_TOKENS',
  'on-budget': 'CODEX_METERED_ON_BUDGET',
  'min-left': 'CODEX_METERED_MIN_LEFT',
  tag: 'CODEX_METERED_TAGS',
} as const;
export type SettingName = keyof typeof SETTING_VARIABLES;

export interface Given {
  readonly value: string;
  readonly origin: 'option' | 'environment';
  /** The option or the variable. */
  readonly place: string;
  /** Of an option that adds to its variable: what that says. */
  readonly variable?: Given | undefined;
}

/** What an environment variable says. One that is empty says nothing. */
export function readVariable(variable: string, env: NodeJS.ProcessEnv): Given | undefined {
  const value = env[variable];
  return value ? { value, origin: 'environment', place: variable } : undefined;
}

const UNSET = { value: undefined, origin: 'default', place: undefined } as const;

/** Options win over the environment, that over the project's file, that over the user's. Throws a UsageError. */
export function resolveSettings(
  said: (name: SettingName) => Given | undefined,
  files: readonly ConfigFile[],
  env: NodeJS.ProcessEnv = {},
): Settings {
  const ofFiles = <Key extends keyof ConfigFile>(
    key: Key,
    path: readonly string[],
  ): Setting<ConfigFile[Key] | undefined> => {
    const file = files.find((one) => one[key] !== undefined);
    return file ? settingOf(file, path, file[key]) : UNSET;
  };
  const pick = <Key extends keyof ConfigFile>(
    name: SettingName,
    key: Key,
    path: readonly string[],
    parse: (text: string, said: string) => ConfigFile[Key],
  ): Setting<ConfigFile[Key] | undefined> => {
    const given = said(name);
    return given ? { ...given, value: parse(given.value, given.place) } : ofFiles(key, path);
  };
  return {
    project: pick('project', 'project', ['project'], asIs),
    timeZone: pick('time-zone', 'timeZone', ['time_zone'], parseTimeZone),
    unit: orElse(ofFiles('unit', ['unit']), 'usd'),
    database: pick('db', 'database', ['database'], asIs),
    costRecords: pick('cost-records', 'costRecords', ['cost_records'], (path) => resolve(path)),
    estimates: orElse(
      pick('cost-records-estimates', 'estimates', ['cost_records_estimates'], oneOf(ESTIMATE_MODES)),
      'replace',
    ),
    outputPatterns: orderPatterns(pick('output-pattern', 'outputPattern', ['output_pattern'], asIs), files),
    onBudget: orElse(pick('on-budget', 'onBudget', ['budget', 'on_budget'], oneOf(ON_BUDGET)), 'stop'),
    minLeft: orElse(pick('min-left', 'minLeft', ['budget', 'min_left'], parseMinLeft), []),
    hooks: files.flatMap((file) => {
      return HOOKS.flatMap((name) => {
        const command = file.hooks?.[name];
        return command === undefined ? [] : [settingOf(file, ['hooks', name], { name, command })];
      });
    }),
    limits: resolveLimits(said, files),
    subscriptions: files.flatMap((file) => {
      return (file.subscriptions ?? []).map((one, index) => settingOf(file, ['subscriptions', index], one));
    }),
    prices: resolvePrices(files),
    tags: resolveTags(said('tag'), files),
    ticketPattern: ofFiles('ticketPattern', ['tags', 'ticket']),
    fleet: resolveFleet(files, env),
    passedOver: [],
  };
}

function orElse<T>(setting: Setting<T | undefined>, value: T): Setting<T> {
  return { ...setting, value: setting.value ?? value };
}

/** A pattern from an option or a variable is tried before those of phases, one from a file after them. */
function orderPatterns(whole: Setting<string | undefined>, files: readonly ConfigFile[]): Setting<OutputPattern>[] {
  const phases = files.flatMap((file) => {
    return file.phasePatterns.map((one) => settingOf(file, ['phases', one.phase ?? ''], one));
  });
  if (whole.value === undefined) return phases;
  const own = { ...whole, value: { pattern: whole.value } };
  return whole.origin === 'option' || whole.origin === 'environment' ? [own, ...phases] : [...phases, own];
}

function resolvePrices(files: readonly ConfigFile[]): Setting<PriceEntry>[] {
  const [project, user] = files;
  const own = (file: ConfigFile | undefined) => {
    return (file?.prices ?? []).map((price, index) => settingOf(file as ConfigFile, ['prices', index], price));
  };
  const models = new Set(project?.prices?.map(({ model }) => model.toLowerCase()));
  return [...own(project), ...own(user).filter(({ value }) => !models.has(value.model.toLowerCase()))];
}

export function listLimits({ limits }: Settings): BudgetLimit[] {
  return limits.map(({ value }) => value);
}

export function listHooks({ hooks }: Settings): HookCommands {
  return Object.fromEntries(hooks.map(({ value: { name, command } }) => [name, command]));
}

/** Another program's database, and what becomes of its own rows. */
export function listMirrorSettings({ costRecords, estimates }: Settings) {
  return { costRecords: costRecords.value, estimates: estimates.value };
}

/** The user's own prices. */
export function listPrices({ prices }: Settings): PriceEntry[] {
  return prices.map(({ value }) => value);
}

function asIs(text: string): string {
  return text;
}

function oneOf<T extends string>(choices: readonly T[]): (written: string, said: string) => T {
  return (written, said) => {
    const known = choices.find((one) => one === written);
    if (known) return known;
    throw new UsageError(`${said}: "${written}" is not known: use ${choices.join(' or ')}.`);
  };
}

function parseTimeZone(name: string, said: string): string {
  const zone = normaliseTimeZone(name);
  if (zone) return zone;
  throw new UsageError(`${said}: "${name}" is not a time zone: use an IANA name, such as Europe/Berlin or UTC.`);
}
