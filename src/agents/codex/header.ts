import type { JsonObject } from '../../formats/json.js';
import type { Base } from './thread-state.js';

/** The header of a session file. `sessionId` is the root thread: the thread itself, or the one its chain of parents began with. */
export interface SessionHeader {
  readonly kind: 'session';
  readonly threadId: string;
  readonly sessionId: string;
  /** Undefined for a thread that begins with this file, whose totals start at zero. */
  readonly base: Base | undefined;
  /** The format of 0.151 and later, in which a thread can be taken back; also where an older file was rewritten. */
  readonly isPaginated: boolean;
  readonly cliVersion: string | undefined;
  readonly cwd: string | undefined;
  /** `main`, or what kind of child it is: `subagent`, `review`, `guardian` (auto-review), … */
  readonly role: string;
  /** The interactive Codex began it; also where a shared server of Codex runs it. */
  readonly interactive: boolean;
}

export function isOptionalText(value: unknown): value is string | null | undefined {
  return value === null || value === undefined || typeof value === 'string';
}

const HEADER_TEXTS = ['session_id', 'forked_from_id', 'cli_version', 'cwd', 'originator'] as const;

/** Returns undefined for a header of an unknown shape. */
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
    // A server that the interactive Codex of 0.169 shares with others calls itself `vscode`.
    interactive: payload.source === 'cli' || text.originator === 'codex-tui',
  };
}

/** A page names its base in `history_base`; since 0.151 a fork does too, beside the thread which it was forked from. */
function readBase(payload: JsonObject): Base | undefined {
  const { forked_from_id: parent, forked_from_ordinal_exclusive: sharedUpTo, history_base: base } = payload;
  const hasBase = base !== null && base !== undefined;
  if (!parent) return hasBase ? 'page' : undefined;
  return hasBase || typeof sharedUpTo === 'number' ? 'continuation' : 'copy';
}

/** `"exec"`, `{"subagent":"review"}`, `{"subagent":{"thread_spawn":…}}`, `{"subagent":{"other":"guardian"}}`: 0.169. */
function roleOf(source: unknown): string {
  if (typeof source !== 'object' || source === null || !('subagent' in source)) return 'main';
  const { subagent } = source;
  if (typeof subagent === 'string') return subagent;
  const other = (subagent as { other?: unknown } | null | undefined)?.other;
  return typeof other === 'string' ? other : 'subagent';
}
