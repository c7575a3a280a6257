import type { Connection } from '../store/open.js';
import type { UsageFilter } from '../store/period-queries.js';
import { listTags, listWanted, type TagFilter } from '../store/tags.js';
import type { Tag } from '../usage/tags.js';
import { ReportError } from './error.js';

const MOST_NAMES = 10;

/** `branch main`, `team search`: the tags that a report is limited to, in words. */
export function describeTags(filter: TagFilter | undefined): string[] {
  return listWanted(filter).map(({ key, value }) => `${key} ${value}`);
}

/** What a report is limited to, in words: `only codex`, `project shop`. */
export function describeFilters({
  provider,
  projectId,
  model,
  tags,
}: Pick<UsageFilter, 'provider' | 'projectId' | 'model' | 'tags'>): string[] {
  return [
    ...(provider === undefined ? [] : [`only ${provider}`]),
    ...(projectId === undefined ? [] : [`project ${projectId}`]),
    ...(model === undefined ? [] : [`model ${model}`]),
    ...describeTags(tags),
  ];
}

/** The first of the tags that nothing is recorded with. */
export function findUnknownTag(connection: Connection, filter: TagFilter | undefined): Tag | undefined {
  return listWanted(filter).find(
    ({ key, value }) => !/[*?[]/.test(value) && !listTags(connection, key).includes(value),
  );
}

/** Throws a ReportError that says what there is unless something is recorded with each of the tags. */
export function assertTags(connection: Connection, filter: TagFilter | undefined): void {
  for (const { key } of listWanted(filter)) assertTagKey(connection, key);
  const unknown = findUnknownTag(connection, filter);
  if (unknown === undefined) return;
  const { key, value } = unknown;
  const known = nameSome(listTags(connection, key));
  throw new ReportError('unknown', `Nothing is recorded of ${key} ${value}. There is: ${known}.`);
}

/** Throws a ReportError unless something has a tag with this key. That nothing has a branch, or a pull request, is no mistake. */
export function assertTagKey(connection: Connection, key: string): void {
  const known = listTags(connection);
  if (known.includes(key)) return;
  const there = known.length === 0 ? 'There are no tags yet.' : `There is: ${nameSome(known)}.`;
  const kind = key === 'branch' || key === 'pr' ? 'nothing-in-range' : 'unknown';
  throw new ReportError(kind, `Nothing is recorded with a tag ${key}. ${there}`);
}

function nameSome(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  return names.slice(0, MOST_NAMES).join(', ') + (more > 0 ? `, and ${more} more` : '');
}

/** The values of each key, in the order in which they are found. */
export function collectTags(all: readonly Readonly<Record<string, string>>[]): Record<string, string[]> {
  const values = new Map<string, Set<string>>();
  for (const [key, value] of all.flatMap((tags) => Object.entries(tags))) {
    values.set(key, (values.get(key) ?? new Set()).add(value));
  }
  return Object.fromEntries([...values].map(([key, of]) => [key, [...of]]));
}
