import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface TelemetryPlaces {
  readonly codexHome: string;
  /** Where Codex works. */
  readonly cwd: string;
}

/** The arguments that make Codex report its log events to `endpoint`. They stand before all others. */
export function telemetryArgs(endpoint: string): string[] {
  return ['-c', `otel.exporter={otlp-http={endpoint="${endpoint}",protocol="json"}}`];
}

/**
 * True when the user has said anything about telemetry, in Codex's arguments or in a configuration file that Codex
 * reads: an exporter of theirs is never replaced. A file that mentions the word counts, whatever it says of it.
 */
export function mentionsTelemetry(args: readonly string[], places: TelemetryPlaces): boolean {
  return (
    args.some((arg) => /\botel\b/.test(arg)) || listConfigFiles(places).some((path) => /\botel\b/.test(read(path)))
  );
}

function listConfigFiles({ codexHome, cwd }: TelemetryPlaces): string[] {
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
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
