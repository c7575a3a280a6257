import { CONFIG_FILE_NAME, listConfigLocations } from '../../config/find-files.js';
import type { Setting } from '../../config/setting.js';
import { nameProject } from '../../io/work-tree.js';
import type { Price } from '../../pricing/price.js';
import { cleanText, formatCents, formatCount } from '../../report/amounts.js';
import { findTimeZone } from '../../report/calendar.js';
import { nameWindow } from '../../report/limits.js';
import { SCHEMA_VERSION } from '../../report/sums-json.js';
import type { BudgetLimit, MinLeft } from '../../usage/budget.js';
import { type FleetTarget, showFleetUrl } from '../../usage/fleet-target.js';
import { defineCommand } from './command.js';
import type { HostSettings } from './host-settings.js';
import { JSON_NOT_TEXT } from './shared-options.js';
import { formatJson } from './show.js';

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
  run({ options, host, fault, ...facts }) {
    if (fault) throw fault;
    host.stdout.write(options.json ? renderJson(facts) : renderText(facts));
    return 0;
  },
});

function renderJson(facts: ConfigFacts): string {
  const settings = listEntries(facts).map(({ name, value, origin, place }) => ({
    ...{ name, value, origin, place: place ?? null },
  }));
  const files = listConfigLocations(facts.places);
  return formatJson({ schemaVersion: SCHEMA_VERSION, kind: 'config', files, settings });
}

function renderText(facts: ConfigFacts): string {
  const entries = listEntries(facts).map((one) => [one.name, one.text, one.place ?? one.origin]);
  const rows = [['Setting', 'Value', 'From'], ...entries];
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  '));
  const found = listConfigLocations(facts.places).map(({ origin, path, exists }) => {
    return `${origin.padEnd(12)}  ${cleanText(path)}${exists ? '' : '  (there is none)'}`;
  });
  return `${[...found, '', ...lines].map((line) => line.trimEnd()).join('\n')}\n`;
}

interface Entry {
  readonly name: string;
  readonly value: unknown;
  /** The value for people. */
  readonly text: string;
  readonly origin: string;
  readonly place: string | undefined;
}

function listEntries({ settings, paths, places }: ConfigFacts): Entry[] {
  const { project, database, costRecords, estimates, timeZone } = settings;
  const named = project.value === undefined ? { ...nameProject(places.cwd), place: undefined } : project;
  const zone = timeZone.value ?? findTimeZone(undefined).name;
  const ofSystem = { origin: 'default', place: undefined };
  return [
    entry('project', named),
    entry('time_zone', { ...timeZone, value: zone }),
    entry('unit', settings.unit),
    entry('database', { ...database, value: paths.database }),
    ...(costRecords.value === undefined
      ? []
      : [entry('cost_records', costRecords), entry('cost_records_estimates', estimates)]),
    ...settings.outputPatterns.map((one) => {
      const { pattern, phase } = one.value;
      return entry(phase ? `phases.${phase}` : 'output_pattern', { ...one, value: pattern });
    }),
    entry('budget.on_budget', settings.onBudget),
    ...settings.limits.map(limitEntry),
    ...(settings.minLeft.value.length === 0 ? [] : [entry('budget.min_left', describeMinLeft(settings.minLeft))]),
    ...settings.subscriptions.map((one) => {
      const { provider, name, usdPerMonth, since } = one.value;
      return entry('subscriptions', one, `${provider}: ${name}, $${usdPerMonth} per month since ${since}`);
    }),
    ...settings.tags.map((one) => entry(`tags.${one.value.key}`, one, one.value.value)),
    ...(settings.ticketPattern.value === undefined ? [] : [entry('tags.ticket', settings.ticketPattern)]),
    ...settings.fleet.map((one) => fleetEntry(one)),
    ...settings.prices.map((one) => entry('prices', one, describePrice(one.value))),
    entry('log', { ...ofSystem, value: paths.logFile }),
    entry('state', { ...ofSystem, value: paths.stateDirectory }),
  ];
}

function entry(name: string, { value, origin, place }: Loose, text = String(value)): Entry {
  return { name, value, text: cleanText(text), origin, place };
}

type Loose = Pick<Setting<unknown>, 'value' | 'place'> & { readonly origin: string };

function limitEntry(setting: Setting<BudgetLimit>): Entry {
  const { scope, unit, amount } = setting.value;
  const value = unit === 'usd' ? amount / 1e9 : amount;
  const text = unit === 'usd' ? formatCents(amount) : formatCount(amount);
  return entry(`budget.${scope}.${unit}`, { ...setting, value }, text);
}

/** What is set of a target, but for where its secrets are kept: files and programs are named, and nothing is read. */
function fleetEntry(setting: Setting<FleetTarget>): Entry {
  const { name, url, passwordCommand, ...rest } = setting.value;
  // Arguments can hold a secret.
  const value = { url: showFleetUrl(url), passwordCommand: passwordCommand?.[0], ...rest };
  const given = Object.entries(value).filter(([, one]) => isGiven(one));
  const text = given.map(([key, one]) => `${key}=${typeof one === 'string' ? one : JSON.stringify(one)}`).join(' ');
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
