import { basename } from 'node:path';

/**
 * What the name of one of Codex's session files says. Names are read here alone. Codex calls the files
 * `rollout-<local time>-<thread id>.jsonl`. A thread that was taken back to an earlier turn goes on in a further file, a page,
 * whose name ends in `<thread id>_<page id>` (measured on 0.151 to 0.171). Some users have compressed ones, `.jsonl.zst`.
 */
export interface SessionFileName {
  /** Undefined for a file that somebody renamed. */
  readonly threadId: string | undefined;
  /** Undefined for the file that a thread began with. Page ids sort by time, as thread ids do. */
  readonly pageId: string | undefined;
  readonly isCompressed: boolean;
}

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const SESSION_FILE = /^rollout-.+\.jsonl(\.zst)?$/;
const IDS = new RegExp(`-(${UUID})(?:_(${UUID}))?\\.jsonl(?:\\.zst)?$`);

/** `name` is without its folder. Returns undefined for a file that is no session file of Codex. */
export function parseSessionFileName(name: string): SessionFileName | undefined {
  const file = SESSION_FILE.exec(name);
  if (!file) return undefined;
  const [, threadId, pageId] = IDS.exec(name) ?? [];
  return { threadId, pageId, isCompressed: file[1] !== undefined };
}

/** Compares the paths of two files of one thread by the time at which Codex began the files. */
export function comparePages(a: string, b: string): number {
  const [pageOfA = '', pageOfB = ''] = [a, b].map((path) => parseSessionFileName(basename(path))?.pageId);
  return pageOfA < pageOfB ? -1 : Number(pageOfA > pageOfB);
}
