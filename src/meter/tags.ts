import type { Settings } from '../config/settings.js';
import { readGitTags } from '../io/git-tags.js';
import type { Note } from '../usage/record.js';
import { type InvocationTag, isPossibleTag, isTooLong, MOST_TAGS, type Tag, type TagOrigin } from '../usage/tags.js';
import { readCiTags } from './ci-tags.js';

export interface TagSources {
  readonly settings: Pick<Settings, 'tags' | 'ticketPattern'>;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The top folder of the git work tree that Codex works in; undefined outside of any. */
  readonly workTree: string | undefined;
}

export interface FoundTags {
  readonly tags: readonly InvocationTag[];
  /** What was left out, and why. */
  readonly notes: readonly Note[];
}

const KNOWN_KEYS = ['branch', 'commit', 'pr', 'repo', 'ticket'];
/** How long the user's pattern for tickets may take: some take for ever on a text that they do not match. */
const PATTERN_MS = 100;

/**
 * Collects the tags of an invocation, one for each key, of the strongest source that has it: what the user set, then CI's variables,
 * then the git work tree, and for `ticket` at last the branch's name. Never throws.
 */
export function collectTags({ settings, env, workTree }: TagSources): FoundTags {
  const git = workTree === undefined ? [] : readGitTags(workTree);
  const given = settings.tags.map(({ value, origin }) => ({ ...value, origin: toTagOrigin(origin) }));
  const inferred = [...withOrigin(chooseCi(readCiTags(env), git), 'ci'), ...withOrigin(git, 'git')];
  const named = uniqueByKey([...given, ...inferred]);
  const ticket = findTicket(settings.ticketPattern.value, named);
  const all = [...named, ...(ticket.tag ? [ticket.tag] : [])];
  const possible = all.filter(isPossibleTag);
  // The user's own keys must not take the room of those that every report knows.
  const ordered = [...possible.filter(isKnown), ...possible.filter((tag) => !isKnown(tag))];
  const tooLong = all.filter(isTooLong).length;
  const leftOut: Note['figures'] = {
    tooLong: tooLong || undefined,
    tooMany: Math.max(0, ordered.length - MOST_TAGS) || undefined,
    unusable: all.length - possible.length - tooLong || undefined,
  };
  const isComplete = Object.values(leftOut).every((count) => count === undefined);
  const notes: Note[] = [
    ...(isComplete ? [] : [{ kind: 'unreadable', reason: 'tags were left out', figures: leftOut } as const]),
    ...(ticket.note ? [ticket.note] : []),
  ];
  return { tags: ordered.slice(0, MOST_TAGS), notes };
}

/** CI's variables are of the repository that it runs for. Where Codex works in another one, they say nothing of that. */
function chooseCi(ci: readonly Tag[], git: readonly Tag[]): readonly Tag[] {
  const [ofCi, ofGit] = [ci, git].map((tags) => tags.find(({ key }) => key === 'repo')?.value.toLowerCase());
  return ofCi !== undefined && ofGit !== undefined && ofCi !== ofGit ? [] : ci;
}

function withOrigin(tags: readonly Tag[], origin: TagOrigin): InvocationTag[] {
  return tags.map((tag) => ({ ...tag, origin }));
}

function toTagOrigin(origin: Settings['tags'][number]['origin']): TagOrigin {
  return origin === 'default' ? 'option' : origin;
}

function isKnown({ key }: Tag): boolean {
  return KNOWN_KEYS.includes(key);
}

/** Keeps the first of each key. */
function uniqueByKey(tags: readonly InvocationTag[]): InvocationTag[] {
  const byKey = new Map<string, InvocationTag>();
  for (const tag of tags) if (!byKey.has(tag.key)) byKey.set(tag.key, tag);
  return [...byKey.values()];
}

interface Ticket {
  readonly tag?: InvocationTag;
  readonly note?: Note;
}

/** What the pattern finds in the branch's name: its first group, or all of it. */
function findTicket(pattern: string | undefined, tags: readonly InvocationTag[]): Ticket {
  const branch = tags.find(({ key }) => key === 'branch');
  const isNamed = tags.some(({ key }) => key === 'ticket');
  if (pattern === undefined || !branch || isNamed || isTooLong(branch)) return {};
  try {
    const value = matchWithin(PATTERN_MS, pattern, branch.value);
    return value ? { tag: { key: 'ticket', value, origin: 'branch name' } } : {};
  } catch {
    const figures = { limitMs: PATTERN_MS };
    return { note: { kind: 'fault', reason: 'the pattern for tickets took too long on the branch’s name', figures } };
  }
}

/** A context of its own can be ended while it searches. */
function matchWithin(timeout: number, pattern: string, text: string): string | undefined {
  const { runInNewContext } = process.getBuiltinModule('node:vm');
  const script = '{ const found = new RegExp(pattern).exec(text); found && (found[1] ?? found[0]) }';
  return runInNewContext(script, { pattern, text }, { timeout }) ?? undefined;
}
