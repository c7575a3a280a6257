import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Change, Store } from './store.js';

const VERSION = 1;

/** Keeps `change` in a file of the user's alone, until a database takes it. Throws when the folder cannot be written. */
export function keepPending(folder: string, change: Change): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const path = join(folder, `${change.invocation.id}-${Date.now()}.json`);
  writeFileSync(`${path}.tmp`, JSON.stringify({ version: VERSION, change }), { mode: 0o600 });
  renameSync(`${path}.tmp`, path);
}

export interface TakenIn {
  readonly taken: number;
  /** Files that hold no change that this version can read. They stay where they are. */
  readonly refused: readonly string[];
}

/** Records what was kept aside in `folder`, oldest first. Throws a StoreError when the store does not take it: the rest stays. */
export function takeInPending(folder: string, store: Store): TakenIn {
  const refused: string[] = [];
  let taken = 0;
  for (const path of listPending(folder)) {
    const change = readPending(path);
    if (!change) {
      refused.push(path);
      continue;
    }
    store.record(change);
    rmSync(path, { force: true });
    taken++;
  }
  return { taken, refused };
}

function listPending(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.json'));
    return names.sort().map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function readPending(path: string): Change | undefined {
  try {
    const { version, change } = JSON.parse(readFileSync(path, 'utf8')) as { version: number; change: Change };
    return version === VERSION && typeof change?.invocation?.id === 'string' ? change : undefined;
  } catch {
    return undefined;
  }
}
