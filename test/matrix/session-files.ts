import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';

const FOLDERS = ['sessions', 'archived_sessions'];

/** The session files in those `CODEX_HOME`s. */
export function listSessionFiles(homes: readonly string[]): string[] {
  return homes
    .flatMap((home) => FOLDERS.map((folder) => join(home, folder)))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)))
    .filter((path) => path.endsWith('.jsonl'));
}

/** The threads that have one. A further page of a thread is named after the thread and, behind `_`, the page. */
export function listThreads(homes: readonly string[]): Set<string> {
  const names = listSessionFiles(homes).map((path) => basename(path));
  return new Set(
    names.flatMap((name) => /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/.exec(name) ?? []),
  );
}
