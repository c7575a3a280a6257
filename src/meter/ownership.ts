import type { RolloutRecord } from '../agents/codex/rollout.js';
import type { CodexCommand } from '../process/argv.js';

/** What a process is known to be, and to run. */
export interface Owner {
  readonly threads: CodexCommand['threads'];
  /** Where it works. */
  readonly cwd: string;
  readonly rootId: string | undefined;
  /** The threads that are known to be its own. */
  readonly known: readonly (string | undefined)[];
}

/** Whether a thread belongs to a root thread that is known, or is one that the interactive Codex began in its folder. */
export function belongsTo(header: RolloutRecord & { readonly kind: 'session' }, owner: Owner): boolean {
  const { threadId, sessionId, interactive, cwd } = header;
  if (sessionId === owner.rootId || owner.known.includes(sessionId)) return true;
  return owner.threads === 'interactive' && interactive && threadId === sessionId && cwd === owner.cwd;
}
