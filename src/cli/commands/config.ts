import { CONFIG_FILE_NAME, listConfigLocations } from '../../config/find-files.js';
import type { ConfigFileValues } from '../../config/schema.js';
import type { Setting } from '../../config/setting.js';
import type { Settings } from '../../config/settings.js';
import { nameProject } from '../../io/work-tree.js';
import type { Price } from '../../pricing/price.js';
import { cleanText, formatCents, formatCount } from '../../report/amounts.js';
import { findTimeZone } from '../../report/calendar.js';
import { nameWindow } from '../../report/limits.js';
import { SCHEMA_VERSION } from '../../report/sums-json.js';
import { wrapText } from '../../report/table.js';
import type { BudgetLimit, MinLeft } from '../../usage/budget.js';
import { type FleetTarget, showFleetUrl } from '../../usage/fleet-target.js';
import { defineCommand } from './command.js';
import type { HostSettings } from './host.js';
import { JSON_NOT_TEXT } from './shared-options.js';
import { formatJson } from './show.js';

/** Of the line that names what is not set. */
const WIDTH = 100;

type ConfigFacts = Omit<HostSettings, 'fault'>;

const HELP = `
A ${CONFIG_FILE_NAME} in the project (the nearest one, up to the top of the git work tree) or in the
user's folder for configuration may set them. An option of codex-metered wins over its environment
variable, that over the project's file, that over the user's.

Examples:
  codex-usage config                   what holds here, and where each setting comes from
  codex-usage config --json | jq '.settings[] | select(.name == "database").value'
`;

export const config = defineCommand({
  name: 'config',
  summary: 'the settings that hold here, and where each comes from',
  description: 'Shows the settings that hold in this folder, and where each comes from.',
  options: { json: JSON_NOT_TEXT },
  help: HELP,
  async run({ options, host, fault, ...facts }) {
    if (fault) throw fault;
    const entries = listEntries(facts);
    // The schema takes longer to load than the rest.
    const { listSettingKeys } = await import('../../config/schema.js');
    const unset = listSettingKeys().filter(
      (key) => !entries.some(({ name }) => name === key || name.startsWith(`${key}.`)),
    );
    host.stdout.write(options.json ? renderJson(facts, entries, unset) : renderText(facts, entries, unset));
    return 0;
  },
});

function renderJson({ places }: ConfigFacts, entries: readonly Entry[], unset: readonly string[]): string {
  const settings = entries.map(({ name, value, origin, place }) => ({ name, value, origin, place: place ?? null }));
  const files = listConfigLocations(places);
  return formatJson({ schemaVersion: SCHEMA_VERSION, kind: 'config', files, settings, unset });
}

function renderText({ places }: ConfigFacts, entries: readonly Entry[], unset: readonly string[]): string {
  const rows = [['Setting', 'Value', 'From'], ...entries.map((one) => [one.name, one.text, one.place ?? one.origin])];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  const found = listConfigLocations(places).map(({ origin, path, exists }) => {
    return `${origin.padEnd(12)}  ${cleanText(path)}${exists ? '' : '  (there is none)'}`;
  });
  const rest = unset.length === 0 ? [] : ['', wrapText(`Not set: ${unset.join(', ')}.`, WIDTH)];
  return `${[...found, '', ...lines, ...rest].map((line) => line.trimEnd()).join('\n')}\n`;
}

type Entry = ReturnType<typeof entry>;

/** The settings that hold, in the order of the schema, and where log and state are. */
function listEntries(facts: ConfigFacts): Entry[] {
  const { logFile, stateDirectory } = facts.paths;
  return [
    ...Object.values(SHOWN).flatMap((show) => show(facts)),
    entry('log', { ...BY_DEFAULT, value: logFile }),
    entry('state', { ...BY_DEFAULT, value: stateDirectory }),
  ];
}

const BY_DEFAULT = { origin: 'default', place: undefined };

/** How each key of a configuration file is shown; none of its values where none is set. A key of the schema without an entry does not compile. */
const SHOWN: Readonly<Record<keyof ConfigFileValues, (facts: ConfigFacts) => Entry[]>> = {
  project({ settings: { project }, places }) {
    return [entry('project', project.value === undefined ? { ...nameProject(places.cwd), place: undefined } : project)];
  },
  time_zone({ settings: { timeZone } }) {
    return [entry('time_zone', { ...timeZone, value: timeZone.value ?? findTimeZone(undefined).name })];
  },
  unit: ({ settings }) => [entry('unit', settings.unit)],
  database: ({ settings, paths }) => [entry('database', { ...settings.database, value: paths.database })],
  cost_records: ({ settings }) => ifSet('cost_records', settings.costRecords),
  cost_records_estimates({ settings: { costRecords, estimates } }) {
    return costRecords.value === undefined ? [] : [entry('cost_records_estimates', estimates)];
  },
  output_pattern: ({ settings }) => listPatterns(settings, 'output_pattern'),
  phases: ({ settings }) => listPatterns(settings, 'phases'),
  budget: ({ settings: { onBudget, limits, minLeft } }) => [
    entry('budget.on_budget', onBudget),
    ...limits.flatMap(limitEntries),
    ...(minLeft.value.length === 0 ? [] : [entry('budget.min_left', describeMinLeft(minLeft))]),
  ],
  hooks: ({ settings }) =>
    settings.hooks.map((one) => entry(`hooks.${one.value.name}`, { ...one, value: one.value.command })),
  subscriptions: ({ settings }) =>
    settings.subscriptions.map((one) => {
      const { provider, name, usdPerMonth, since } = one.value;
      return entry('subscriptions', one, `${provider}: ${name}, $${usdPerMonth} per month since ${since}`);
    }),
  prices: ({ settings }) => settings.prices.map((one) => entry('prices', one, describePrice(one.value))),
  tags: ({ settings: { tags, ticketPattern } }) => [
    ...tags.map((one) => entry(`tags.${one.value.key}`, one, one.value.value)),
    ...ifSet('tags.ticket', ticketPattern),
  ],
  fleet: ({ settings }) => settings.fleet.map(fleetEntry),
};

function ifSet(name: string, setting: Setting<unknown>): Entry[] {
  return setting.value === undefined ? [] : [entry(name, setting)];
}

function listPatterns({ outputPatterns }: Settings, key: 'output_pattern' | 'phases'): Entry[] {
  return outputPatterns.flatMap((one) => {
    const { pattern, phase } = one.value;
    if ((key === 'phases') !== (phase !== undefined)) return [];
    return [entry(phase ? `phases.${phase}` : key, { ...one, value: pattern })];
  });
}

type Loose = Pick<Setting<unknown>, 'value' | 'place'> & { readonly origin: string };

/** `text` is the value for people. */
function entry(name: string, { value, origin, place }: Loose, text = toText(value)) {
  return { name, value, text: cleanText(text), origin, place };
}

function toText(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function limitEntries(setting: Setting<BudgetLimit>, index: number, all: readonly Setting<BudgetLimit>[]): Entry[] {
  const { scope, unit, amount, of } = setting.value;
  const value = unit === 'usd' ? amount / 1e9 : amount;
  const text = unit === 'usd' ? formatCents(amount) : formatCount(amount);
  const limit = entry(`budget.${scope}.${unit}`, { ...setting, value }, text);
  // One key says it for both units.
  const isFirst = all.findIndex((one) => one.value.of && one.value.scope === scope) === index;
  return isFirst ? [limit, entry(`budget.${scope}.scope`, { ...setting, value: of })] : [limit];
}

/** The settings of a target of the fleet. Files and programs that give its secrets are named; they are neither read nor run. */
function fleetEntry(setting: Setting<FleetTarget>): Entry {
  const { name, url, passwordCommand, ...rest } = setting.value;
  // Arguments can hold a secret.
  const value = { url: showFleetUrl(url), passwordCommand: passwordCommand?.[0], ...rest };
  const given = Object.entries(value).filter(([, one]) => isGiven(one));
  const text = given.map(([key, one]) => `${key}=${toText(one)}`).join(' ');
  return entry(`fleet.${name}`, { ...setting, value }, text);
}

/** Whether a value says anything: the defaults of a target are nothing, empty, 0 or false. */
function isGiven(value: unknown): boolean {
  return typeof value === 'object' && value !== null ? Object.keys(value).length > 0 : Boolean(value);
}

function describeMinLeft(setting: Setting<readonly MinLeft[]>): Setting<string> {
  const windows = setting.value.map(({ windowMinutes, percent }) => `${nameWindow(windowMinutes)}=${percent}%`);
  return { ...setting, value: windows.join(',') };
}

function describePrice({ model, from, until, rates }: Omit<Price, 'origin'>): string {
  const usd = (nanoUsdPerToken: number) => `$${nanoUsdPerToken / 1000}`;
  const days = [from && `from ${from}`, until && `until ${until}`].filter(Boolean).join(' ');
  return `${model}: ${usd(rates.input)} in, ${usd(rates.cachedInput)} cached, ${usd(rates.output)} out per million${days && `, ${days}`}`;
}
