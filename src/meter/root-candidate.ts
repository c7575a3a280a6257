import { parseRolloutLine } from '../agents/codex/rollout.js';
import { hasGrownSince, readHeader } from '../agents/codex/sessions.js';

export interface CandidateOf {
  readonly startedAtMs: number;
  /** Where the run works. */
  readonly cwd: string;
  /** Whether a file came after the run began. */
  readonly isNew: (path: string) => boolean;
}

/**
 * Finds the session file of a run whose thread is not known: the only one that began in the run's folder since the run did.
 * Undefined when there is none, or more than one.
 */
export async function findOnlyCandidate(paths: readonly string[], run: CandidateOf): Promise<string | undefined> {
  const candidates: string[] = [];
  for (const path of paths) if (await mayBeRoot(path, run)) candidates.push(path);
  return candidates.length === 1 ? candidates[0] : undefined;
}

async function mayBeRoot(path: string, { startedAtMs, cwd, isNew }: CandidateOf): Promise<boolean> {
  const came = isNew(path);
  if (!came && !(await hasGrownSince(path, startedAtMs))) return false;
  const record = parseRolloutLine((await readHeader(path)) ?? '');
  if (record.kind !== 'session' || (!came && record.atMs < startedAtMs)) return false;
  return record.threadId === record.sessionId && record.cwd === cwd;
}
