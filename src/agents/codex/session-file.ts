import { basename } from 'node:path';

/**
 * What the name of one of Codex's session files says. Codex calls them `rollout-<local time>-<thread id>.jsonl`. A
 * thread that was taken back to an earlier turn goes on in a further file, a page, whose name ends in
 * `<thread id>_<page id>` (measured on 0.151 to 0.171). Some users have compressed ones, `.jsonl.zst`.
 */
export interface SessionFileName {
  /** Undefined where the name holds no thread's id: a file that somebody renamed. */
  readonly threadId: string | undefined;
  /** Undefined for the file that a thread began with. Page ids are UUIDv7, as thread ids are: they sort by time. */
  readonly pageId: string | undefined;
  readonly isCompressed: boolean;
}

const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}';
const SESSION_FILE = /^rollout-.+\.jsonl(\.zst)?$/;
const IDS = new RegExp(`-(${UUID})(?:_(${UUID}))?\\.jsonl(?:\\.zst)?$`);

/** Returns undefined for a file that is none of Codex's session files. `name` is without its folder. */
export function parseSessionFileName(name: string): SessionFileName | undefined {
  const file = SESSION_FILE.exec(name);
  if (!file) return undefined;
  const [, threadId, pageId] = IDS.exec(name) ?? [];
  return { threadId, pageId, isCompressed: file[1] !== undefined };
}

/** Compares two files of one thread, each a path, by the time at which Codex began them. */
export function comparePages(a: string, b: string): number {
  const [pageOfA = '', pageOfB = ''] = [a, b].map((path) => parseSessionFileName(basename(path))?.pageId);
  return pageOfA < pageOfB ? -1 : Number(pageOfA > pageOfB);
}

/**
 * The time at which an id was made, in epoch milliseconds: ids are UUIDv7, whose first 48 bits tell it. Undefined for
 * an id of another version.
 */
export function idTimeMs(id: string): number | undefined {
  const isVersion7 = id[14] === '7';
  return isVersion7 ? Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16) : undefined;
}
