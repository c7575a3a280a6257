import { mkdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { openWorkbench, type Workbench } from '../../harness/workbench.js';
import { SCRIPT } from '../script.js';
import type { NameList } from './name-list.js';

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
  const bodies: string[] = [];
  const collector = createServer((request, response) => {
    void text(request).then((body) => {
      bodies.push(body);
      response.end('{}');
    });
  });
  await new Promise<void>((resolve) => collector.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/logs`;
  const exporter = `otel.exporter={otlp-http={endpoint="${endpoint}",protocol="json"}}`;
  try {
    await bench.run(['exec', '--json', '-c', exporter, 'loop'], { codex, direct: true });
  } finally {
    collector.close();
    collector.closeAllConnections();
  }
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
