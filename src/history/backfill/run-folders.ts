import { type Dirent, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { PHASES, type Phase } from '../../usage/phase.js';

/** The folder that a runner left of one invocation of Codex, `<run>/<phase>/iter-<n>/`. Files that are not there are undefined. */
export interface RunFolder {
  readonly path: string;
  readonly runId: string;
  readonly phase: Phase;
  readonly iteration: number;
  readonly log: string | undefined;
  readonly prompt: string | undefined;
  readonly result: string | undefined;
  /** When the prompt was last written, in epoch milliseconds; undefined where there is none, or it was written after the end. */
  readonly promptedAtMs: number | undefined;
  /** When the log was last written; without one, when the last of the other files was. */
  readonly endedAtMs: number;
  /** At `promptedAtMs`; where that is not known, when the first of the files was last written, and at `endedAtMs` at the latest. */
  readonly startedAtMs: number;
}

const ITERATION = /^(?:iter(?:ation)?[-_]?)?(\d{1,9})$/;
const SYNONYMS: Readonly<Record<string, Phase>> = { build: 'builder', review: 'reviewer' };
const FILES = { log: 'codex.log', prompt: 'prompt.txt', result: 'result.json' } as const;

/** The folders at `directory` and below, in the order in which they ended. Throws what the file system throws. */
export function findRunFolders(directory: string): RunFolder[] {
  const root = resolve(directory);
  const folders = walk(root, readdirSync(root, { withFileTypes: true }));
  return folders.sort((a, b) => a.endedAtMs - b.endedAtMs || a.iteration - b.iteration);
}

function walk(path: string, entries: readonly Dirent[]): RunFolder[] {
  const here = readFolder(path, new Set(entries.filter((entry) => entry.isFile()).map(({ name }) => name)));
  // Links are not followed: they could lead back up.
  const below = entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(path, name));
  return [...(here ? [here] : []), ...below.flatMap((folder) => walk(folder, list(folder)))];
}

function list(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function readFolder(path: string, names: ReadonlySet<string>): RunFolder | undefined {
  const iteration = ITERATION.exec(basename(path))?.[1];
  const phaseName = basename(dirname(path));
  const phase = SYNONYMS[phaseName] ?? PHASES.find((known) => known === phaseName);
  const runId = basename(dirname(dirname(path)));
  const [log, prompt, result] = [FILES.log, FILES.prompt, FILES.result].map((name) =>
    names.has(name) ? join(path, name) : undefined,
  );
  const found = [log, prompt, result].filter((file) => file !== undefined);
  if (!iteration || !phase || !runId || found.length === 0) return undefined;
  const writtenMs = (file: string) => statSync(file).mtimeMs;
  const times = found.map(writtenMs);
  const endedAtMs = Math.ceil(log === undefined ? Math.max(...times) : writtenMs(log));
  const promptedAtMs = prompt === undefined ? undefined : Math.floor(writtenMs(prompt));
  const isFirst = promptedAtMs !== undefined && promptedAtMs < endedAtMs;
  return {
    ...{ path, runId, phase, iteration: Number(iteration), log, prompt, result, endedAtMs },
    promptedAtMs: isFirst ? promptedAtMs : undefined,
    startedAtMs: isFirst ? promptedAtMs : Math.min(endedAtMs, ...times.map(Math.floor)),
  };
}
