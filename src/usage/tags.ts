/**
 * A tag says what an invocation or a thread was for: `branch`, `commit`, `pr` (the number of a pull request), `repo`
 * (`owner/name`), `ticket`, or a key of the user's own. An invocation has one value for a key.
 */
export interface Tag {
  readonly key: string;
  readonly value: string;
}

/**
 * Where a tag of an invocation was read, the strongest first. `ci`: a variable of a CI system; `git`: the work tree; `branch
 * name`: the user's pattern for tickets was found in the branch.
 */
export const TAG_ORIGINS = ['option', 'environment', 'project file', 'user file', 'ci', 'git', 'branch name'] as const;
export type TagOrigin = (typeof TAG_ORIGINS)[number];

export interface InvocationTag extends Tag {
  readonly origin: TagOrigin;
}

/** An invocation has at most so many tags. */
export const MOST_TAGS = 64;
/** A key and a value have at most so many characters. */
export const MOST_TAG_CHARACTERS = 256;

/** Reads `key=value`. The value may contain further equals signs. Returns why it is not a tag otherwise. */
export function parseTag(written: string): Tag | string {
  const equals = written.indexOf('=');
  if (equals === -1) return 'it has no "="';
  const tag = { key: written.slice(0, equals).trim(), value: written.slice(equals + 1).trim() };
  return findTagFault(tag) ?? tag;
}

/** Why a tag cannot be recorded as it is, but for its length; undefined where it can. */
export function findTagFault({ key, value }: Tag): string | undefined {
  if (key === '') return 'its key is empty';
  if (/\s/u.test(key)) return 'its key has a space';
  if (value === '') return 'its value is empty';
  // Line breaks of all kinds, escapes of terminals, and halves of characters.
  return /[\p{Cc}\p{Cs}\u2028\u2029]/u.test(key + value) ? 'it has control characters' : undefined;
}

/** Whether a tag that nobody checked when it was written can be recorded. */
export function isPossibleTag(tag: Tag): boolean {
  return !isTooLong(tag) && findTagFault(tag) === undefined;
}

export function isTooLong({ key, value }: Tag): boolean {
  return [key, value].some((text) => text.length > MOST_TAG_CHARACTERS && [...text].length > MOST_TAG_CHARACTERS);
}

/**
 * Returns the `owner/name` of a repository by the URL of its remote, without the host, a user, a password or `.git`; with all of the
 * groups in between, where there are any. Undefined for a folder, and for what is no URL.
 */
export function nameRepository(url: string): string | undefined {
  const path = findRemotePath(url.trim());
  const names = (path ?? '')
    .replace(/[?#].*$/, '')
    .split('/')
    .filter((name) => name !== '');
  // Azure DevOps: organisation/project/_git/name over HTTPS, v3/organisation/project/name over SSH.
  const named = names.filter((name, index) => name !== '_git' && !(index === 0 && name === 'v3' && names.length === 4));
  const repository = named.join('/').replace(/\.git$/, '');
  return named.length >= 2 && isPossibleTag({ key: 'repo', value: repository }) ? repository : undefined;
}

/** The path on the host, of `https://host/path`, `ssh://user@host:22/path` or `user@host:path`. */
function findRemotePath(url: string): string | undefined {
  const whole = /^(?:https?|ssh|git|git\+ssh|ssh\+git):\/\/[^/]+\/(.+)$/i.exec(url);
  if (whole) return whole[1];
  // A host of one letter is a drive of Windows.
  return /^(?:[^/\\:@]+@)?[^/\\:@]{2,}:(?!\/\/)(.+)$/.exec(url)?.[1];
}

/** The tags as an object, by key. */
export function toTagsJson(tags: readonly Tag[]): Record<string, string> {
  return Object.fromEntries(tags.map(({ key, value }) => [key, value]));
}
