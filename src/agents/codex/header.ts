import type { JsonObject } from '../../formats/json.js';
import { isPossibleTag, nameRepository, type Tag } from '../../usage/tags.js';
import type { Base } from './thread-state.js';

/** The header of a session file. `sessionId` is the root thread: the thread itself, or the oldest of its parents. */
export interface SessionHeader {
  readonly kind: 'session';
  readonly threadId: string;
  readonly sessionId: string;
  /** Undefined when the thread begins with this file, so that its totals start at zero. */
  readonly base: Base | undefined;
  /** The file has the format of 0.151 and later, in which a thread can be taken back; older files may have been rewritten. */
  readonly isPaginated: boolean;
  readonly cliVersion: string | undefined;
  readonly cwd: string | undefined;
  /** `main`, or what kind of child it is: `subagent`, `review`, `guardian` (auto-review), … */
  readonly role: string;
  /** The interactive Codex began the thread, whether it runs the thread itself or a shared server does. */
  readonly interactive: boolean;
  /** The branch, commit and repository of the work tree, as they were when the file was begun. */
  readonly tags: readonly Tag[];
}

export function isOptionalText(value: unknown): value is string | null | undefined {
  return value === null || value === undefined || typeof value === 'string';
}

const HEADER_TEXTS = ['session_id', 'forked_from_id', 'cli_version', 'cwd', 'originator'] as const;

/** Reads the payload of a header. Returns undefined where its shape is unknown. */
export function readHeader(payload: JsonObject): SessionHeader | undefined {
  const isHeader = typeof payload.id === 'string' && HEADER_TEXTS.every((name) => isOptionalText(payload[name]));
  if (!isHeader) return undefined;
  const text = payload as Record<(typeof HEADER_TEXTS)[number], string | null | undefined> & { readonly id: string };
  return {
    kind: 'session',
    threadId: text.id,
    sessionId: text.session_id ?? text.id,
    base: readBase(payload),
    isPaginated: payload.history_mode === 'paginated',
    cliVersion: text.cli_version ?? undefined,
    cwd: text.cwd ?? undefined,
    role: roleOf(payload.source),
    // A server that the interactive Codex of 0.169 shares with other clients calls itself `vscode`.
    interactive: payload.source === 'cli' || text.originator === 'codex-tui',
    tags: readGit(payload.git),
  };
}

/**
 * `git` is `{"commit_hash":"…","branch":"…","repository_url":"…"}`, measured on 0.42 to 0.171; up to 0.125 the
 * address has its user and password. What git did not say is missing.
 */
function readGit(git: unknown): Tag[] {
  if (typeof git !== 'object' || git === null) return [];
  const { branch, commit_hash: commit, repository_url: url } = git as Record<string, unknown>;
  const repo = typeof url === 'string' ? nameRepository(url) : undefined;
  return Object.entries({ branch, commit, repo }).flatMap(([key, value]): Tag[] => {
    return typeof value === 'string' && isPossibleTag({ key, value }) ? [{ key, value }] : [];
  });
}

/** A page names its base in `history_base`. Since 0.151 a fork does too, beside its parent. */
function readBase(payload: JsonObject): Base | undefined {
  const { forked_from_id: parent, forked_from_ordinal_exclusive: sharedUpTo, history_base: base } = payload;
  const hasBase = base !== null && base !== undefined;
  if (!parent) return hasBase ? 'page' : undefined;
  return hasBase || typeof sharedUpTo === 'number' ? 'continuation' : 'copy';
}

/** `source` is `"exec"`, `{"subagent":"review"}`, `{"subagent":{"thread_spawn":…}}`, `{"subagent":{"other":"guardian"}}`: 0.169. */
function roleOf(source: unknown): string {
  if (typeof source !== 'object' || source === null || !('subagent' in source)) return 'main';
  const { subagent } = source;
  if (typeof subagent === 'string') return subagent;
  const other = (subagent as { other?: unknown } | null | undefined)?.other;
  return typeof other === 'string' ? other : 'subagent';
}

/** The shortest line in which it is worth looking for them. */
const LONG_LINE_BYTES = 2000;
const INSTRUCTIONS = Buffer.from('"base_instructions":{"text":"');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * Leaves the text of Codex's own instructions out of a line: it is most of a header, and no import reads it. Quotes within texts
 * are escaped, so that what is found is a key.
 */
export function leaveOutInstructions(line: Buffer): Buffer {
  const key = line.length < LONG_LINE_BYTES ? -1 : line.indexOf(INSTRUCTIONS);
  if (key === -1) return line;
  const start = key + INSTRUCTIONS.length;
  let end = line.indexOf(QUOTE, start);
  while (end !== -1 && isEscaped(line, end)) end = line.indexOf(QUOTE, end + 1);
  return end === -1 ? line : Buffer.concat([line.subarray(0, start), line.subarray(end)]);
}

/** Whether the number of backslashes before `at` is odd. */
function isEscaped(line: Buffer, at: number): boolean {
  let before = at;
  while (line[before - 1] === BACKSLASH) before--;
  return (at - before) % 2 === 1;
}
