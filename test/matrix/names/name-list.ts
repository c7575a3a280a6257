import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const KNOWN = fileURLToPath(new URL('../../../fixtures/known-names.json', import.meta.url));

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
