import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startLogCollector } from '../harness/otel.js';
import { openWorkbench, type Workbench } from '../harness/workbench.js';
import { SCRIPT } from '../scripted-api/scenarios.js';
import { listSessionFiles } from './session-files.js';

const KNOWN = fileURLToPath(new URL('../../fixtures/known-names.json', import.meta.url));

/** The names that a release of Codex uses, by what they name. */
export interface NameList {
  add(group: string, name: string): void;
  /** Groups and names in order. */
  read(): Readonly<Record<string, readonly string[]>>;
}

export function createNameList(): NameList {
  const groups = new Map<string, Set<string>>();
  return {
    add(group, name) {
      const names = groups.get(group) ?? new Set();
      groups.set(group, names.add(name));
    },
    read() {
      const sorted = [...groups].sort(([a], [b]) => a.localeCompare(b));
      return Object.fromEntries(sorted.map(([group, names]) => [group, [...names].sort()]));
    },
  };
}

interface Known {
  /** The release that writes these names. */
  readonly version: string;
  readonly names: Readonly<Record<string, readonly string[]>>;
}

/** What a release has and the known one has not, and the other way round: each as `group: name`. */
export interface Difference {
  readonly knownVersion: string;
  readonly unknown: readonly string[];
  readonly gone: readonly string[];
}

/** Compares the names with those of the release that fixtures/known-names.json was made of. */
export function compareWithKnown(list: NameList): Difference {
  const known = JSON.parse(readFileSync(KNOWN, 'utf8')) as Known;
  const [found, before] = [flatten(list.read()), flatten(known.names)];
  return {
    knownVersion: known.version,
    unknown: [...found].filter((name) => !before.has(name)),
    gone: [...before].filter((name) => !found.has(name)),
  };
}

/** Makes them the known ones. */
export function writeKnown(list: NameList, version: string): void {
  writeFileSync(KNOWN, `${JSON.stringify({ version, names: list.read() }, null, 2)}\n`);
}

function flatten(names: Known['names']): Set<string> {
  return new Set(Object.entries(names).flatMap(([group, all]) => all.map((name) => `${group}: ${name}`)));
}

/** The difference for people; what is new first. */
export function describeDifference(version: string, { knownVersion, unknown, gone }: Difference): string {
  if (unknown.length === 0 && gone.length === 0) return `Codex ${version} uses the names of ${knownVersion}.\n`;
  const list = (title: string, names: readonly string[]) =>
    names.length === 0 ? '' : `${title}:\n${names.map((name) => `  ${name}\n`).join('')}`;
  return [
    list(`New in Codex ${version}, against ${knownVersion} (${unknown.length})`, unknown),
    list(`Not seen any more (${gone.length})`, gone),
  ].join('');
}

type Json = Readonly<Record<string, unknown>>;

/** How deep keys are named; below are the contents of tools and messages. */
const DEPTH = 4;
/** Records whose payload holds whatever the model, a tool or the machine said: only the first keys are Codex's. */
const SHALLOW = new Set(['world_state', 'response_item']);
const NAME = /^[a-z][A-Za-z0-9_]*$/;

/** Names the records of session files and their keys: `event_msg.token_count`, `event_msg.token_count: info.rate_limits`. */
export function nameSessionLines(names: NameList, homes: readonly string[]): void {
  for (const path of listSessionFiles(homes)) {
    for (const record of parseLines(readFileSync(path, 'utf8'))) {
      const payload = (record.payload ?? {}) as Json;
      const kind = [record.type, payload.type].filter((part) => typeof part === 'string').join('.');
      names.add('session records', kind);
      const depth = SHALLOW.has(String(record.type)) ? 1 : DEPTH;
      for (const key of keysOf(payload, depth)) names.add('keys of session records', `${kind}: ${key}`);
      for (const key of Object.keys(record)) names.add('keys of session lines', key);
    }
  }
}

/** Names the events of `--json` and their keys: `item.completed.command_execution: item.exit_code`. */
export function nameEvents(names: NameList, output: string): void {
  for (const event of parseLines(output)) {
    if (typeof event.type !== 'string') continue;
    const item = (event.item ?? {}) as Json;
    const kind = [event.type, item.type].filter((part) => typeof part === 'string').join('.');
    names.add('events of --json', kind);
    for (const key of keysOf(event, DEPTH)) names.add('keys of events of --json', `${kind}: ${key}`);
  }
}

/** Lines that are no JSON, such as those of the human mode, are none of these names. */
function parseLines(text: string): Json[] {
  return text.split('\n').flatMap((line) => {
    if (!line.startsWith('{')) return [];
    try {
      return [JSON.parse(line) as Json];
    } catch {
      return [];
    }
  });
}

/** The keys of `value` and of what is in it, as paths. An object whose keys are data (paths, ids) has none. */
function keysOf(value: unknown, depth: number): string[] {
  if (Array.isArray(value)) return value.flatMap((one) => keysOf(one, depth));
  if (typeof value !== 'object' || value === null || depth === 0) return [];
  const entries = Object.entries(value);
  if (!entries.every(([key]) => NAME.test(key))) return [];
  return entries.flatMap(([key, inner]) => [key, ...keysOf(inner, depth - 1).map((below) => `${key}.${below}`)]);
}

const COMMANDS = [[], ['exec'], ['exec', 'resume'], ['exec', 'review'], ['exec', 'fork'], ['app-server']] as const;
const PROTOCOL = ['ClientRequest', 'ServerNotification', 'ServerRequest'] as const;

/** Names what a release can be asked for and what it reports beside its files: options, features, methods, telemetry. */
export async function nameSurface(names: NameList, codex: string): Promise<void> {
  const bench = await openWorkbench(...SCRIPT);
  try {
    await nameOptions(names, bench, codex);
    await nameFeatures(names, bench, codex);
    await nameMethods(names, bench, codex);
    await nameTelemetry(names, bench, codex);
  } finally {
    await bench.close();
  }
}

async function nameOptions(names: NameList, bench: Workbench, codex: string): Promise<void> {
  for (const command of COMMANDS) {
    const { exitCode, stdout } = await bench.run([...command, '--help'], { codex, direct: true });
    if (exitCode !== 0) continue;
    const prefix = ['codex', ...command].join(' ');
    const [, commands = ''] = /^Commands:\n((?: .*\n)+)/m.exec(stdout.toString()) ?? [];
    for (const [, name] of commands.matchAll(/^ {2}([a-z][\w-]*)/gm)) names.add('commands', `${prefix} ${name}`);
    for (const [, name] of stdout.toString().matchAll(/^ +(?:-\w, )?(--[a-z][\w-]*)/gm)) {
      names.add('options', `${prefix} ${name}`);
    }
  }
}

/** Switches of the configuration: `features.NAME`. */
async function nameFeatures(names: NameList, bench: Workbench, codex: string): Promise<void> {
  const { exitCode, stdout } = await bench.run(['features', 'list'], { codex, direct: true });
  if (exitCode !== 0) return;
  for (const [, name] of stdout.toString().matchAll(/^([a-z]\w*) {2,}/gm)) names.add('features', String(name));
}

async function nameMethods(names: NameList, bench: Workbench, codex: string): Promise<void> {
  const folder = join(bench.folder, 'protocol');
  mkdirSync(folder);
  const args = ['app-server', 'generate-ts', '--experimental', '--out', folder];
  const { exitCode } = await bench.run(args, { codex, direct: true });
  if (exitCode !== 0) return;
  for (const side of PROTOCOL) {
    const methods = readFileSync(join(folder, `${side}.ts`), 'utf8').matchAll(/"method": "([^"]+)"/g);
    for (const [, method] of methods) names.add(`app-server: ${side}`, String(method));
  }
}

interface LogRecord {
  readonly attributes?: readonly { readonly key: string; readonly value?: { readonly stringValue?: string } }[];
}

/** Runs one turn with tools and has its telemetry sent to a collector. */
async function nameTelemetry(names: NameList, bench: Workbench, codex: string): Promise<void> {
  const { bodies, exporter, close } = await startLogCollector();
  await bench.run(['exec', '--json', '-c', exporter, 'loop'], { codex, direct: true }).finally(close);
  for (const record of bodies.flatMap((body) => findRecords(JSON.parse(body)))) nameRecord(names, record);
}

function nameRecord(names: NameList, { attributes = [] }: LogRecord): void {
  const value = (key: string) => attributes.find((one) => one.key === key)?.value?.stringValue;
  const event = value('event.name');
  if (event === undefined) return;
  names.add('telemetry events', [event, value('event.kind')].filter(Boolean).join(' '));
  for (const { key } of attributes) names.add('telemetry attributes', `${event}: ${key}`);
}

/** Every log record, however deep. */
function findRecords(value: unknown): LogRecord[] {
  if (typeof value !== 'object' || value === null) return [];
  if (Array.isArray(value)) return value.flatMap(findRecords);
  const { logRecords, ...others } = value as { logRecords?: LogRecord[] };
  return [...(logRecords ?? []), ...Object.values(others).flatMap(findRecords)];
}
