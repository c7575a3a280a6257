import type { AgentId } from '../agents/registry.js';
import type { HistoryFile } from '../store/history.js';

/** A file of the history, as it was when it was looked for: if it has grown since, the next import sees that. */
export interface FoundFile {
  readonly path: string;
  readonly provider: AgentId;
  readonly sizeBytes: number;
  readonly modifiedAtMs: number;
}

/** A file that is new or has changed; `known`: what an earlier import has read of it. */
export interface FileTask extends FoundFile {
  readonly known: HistoryFile | undefined;
}

/** Something that could not be read, or is odd: shown to the user, and no reason to stop. */
export interface Problem {
  readonly path: string;
  readonly reason: string;
}
