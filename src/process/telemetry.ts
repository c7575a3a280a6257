import { readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readRegularFile } from '../files/regular-file.js';
import type { CodexCommand } from './argv.js';

/** Configuration files of Codex are smaller than this. Larger ones, and those that are not regular files, are not read. */
const CONFIG_BYTES = 1024 * 1024;

export interface ConfigFolders {
  readonly codexHome: string;
  /** The directory in which Codex works. */
  readonly cwd: string;
}

/** The reason why Codex is not asked for telemetry in a run that may have threads without a session file. */
export type NoTelemetry = 'own exporter' | 'proxy' | 'no port';

/** The header that carries the secret of one run. */
export const SECRET_HEADER = 'x-codex-metered';

/** The arguments that make Codex report its log events to `endpoint`. They come before all others. */
export function telemetryArgs(endpoint: string): string[] {
  return ['-c', `otel.exporter={otlp-http={endpoint="${endpoint}",protocol="json"}}`];
}

const HEADERS = 'OTEL_EXPORTER_OTLP_HEADERS';
/** Signals that can have headers of their own, which Codex sends in place of the general ones. */
const HEADERS_OF_A_SIGNAL = ['LOGS', 'TRACES', 'METRICS'].map((signal) => `OTEL_EXPORTER_OTLP_${signal}_HEADERS`);
const DELAY = 'OTEL_BLRP_SCHEDULE_DELAY';
/** A run that is killed loses no more than this. Each wakes Codex, so a server, which waits for hours, has the longer one. */
const DELAY_MS = { run: 20, server: 100 };

/**
 * Returns the variables that Codex gets beside those arguments. They hold the secret, because every user of the machine can
 * read arguments, and only processes of the same user the environment. Headers and a delay that the user has set are preserved. Codex
 * from 0.101 to 0.171 obeys all of them; 0.101 and 0.125 send their spans to the same address, with the general headers.
 */
export function telemetryEnv(secret: string, env: NodeJS.ProcessEnv, { threads }: CodexCommand): NodeJS.ProcessEnv {
  const own = `${SECRET_HEADER}=${secret}`;
  const withOwn = (headers: string | undefined) => {
    // A codex-metered that Codex was started by has left its secret here.
    const others = (headers ?? '').split(',').filter((entry) => entry && !entry.trim().startsWith(`${SECRET_HEADER}=`));
    return [...others, own].join(',');
  };
  const names = [HEADERS, ...HEADERS_OF_A_SIGNAL.filter((name) => env[name])];
  return {
    ...Object.fromEntries(names.map((name) => [name, withOwn(env[name])])),
    [DELAY]: env[DELAY] || String(threads === 'clients' ? DELAY_MS.server : DELAY_MS.run),
  };
}

/**
 * True when Codex would send what it reports to 127.0.0.1 through a proxy (it obeys these variables, 0.171), where it would
 * be shown to others and not arrive.
 */
export function reportsThroughProxy(env: NodeJS.ProcessEnv): boolean {
  const proxy = ['http_proxy', 'HTTP_PROXY', 'all_proxy', 'ALL_PROXY'].some((name) => env[name]);
  const exempt = (env.no_proxy || env.NO_PROXY || '').split(',').map((entry) => entry.trim());
  return proxy && !exempt.some((entry) => entry === '*' || entry === '127.0.0.1' || entry === '127.0.0.0/8');
}

/**
 * True when the user configures telemetry, in Codex's arguments or in a configuration file that Codex reads: their exporter
 * is never replaced. Any file that contains the word counts.
 */
export function mentionsTelemetry(args: readonly string[], folders: ConfigFolders): boolean {
  return (
    args.some((arg) => /\botel\b/.test(arg)) || listConfigFiles(folders).some((path) => /\botel\b/.test(read(path)))
  );
}

function listConfigFiles({ codexHome, cwd }: ConfigFolders): string[] {
  const folders = [codexHome, '/etc/codex'];
  for (let folder = cwd; ; folder = dirname(folder)) {
    folders.push(join(folder, '.codex'));
    if (folder === dirname(folder)) break;
  }
  return folders.flatMap((folder) => listTomlFiles(folder));
}

function listTomlFiles(folder: string): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.toml'))
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function read(path: string): string {
  try {
    return readRegularFile(path, CONFIG_BYTES).toString('utf8');
  } catch {
    return '';
  }
}
