import { basename } from 'node:path';
import { parseTranscriptLine, type TranscriptMessage } from '../formats/claude-transcript.js';
import { type LineBuffer, splitLines } from '../io/scan.js';
import type { Pricer } from '../pricing/pricer.js';
import type { HistoryThread } from '../store/history.js';
import type { ModelResponse } from '../usage/record.js';
import type { NameProject } from './project-names.js';
import type { SessionReader, UnreadablePlace } from './session-reader.js';

const OPENING = '{'.charCodeAt(0);
const CLOSING = '}'.charCodeAt(0);
const USAGE = Buffer.from('"usage":{');

export interface ClaudeReaderOptions {
  readonly path: string;
  readonly nameProject: NameProject;
  readonly pricer: Pricer;
  /** Used anew for each file. */
  readonly lines: LineBuffer;
}

/**
 * Reads a transcript of Claude Code: one response per message, however many lines it has. A sub-agent of a session is
 * a thread of its own.
 */
export function createClaudeReader({ path, nameProject, pricer, lines }: ClaudeReaderOptions): SessionReader {
  let unreadableLines = 0;
  let firstUnreadable: UnreadablePlace | undefined;
  /** By key. A message's lines follow each other, and the last one knows its output best. */
  const messages = new Map<string, ModelResponse>();
  const threads = new Map<string, HistoryThread>();
  const known = new Set<string>();
  const takeLine = (bytes: Buffer, start: number, end: number): boolean => {
    if (bytes[start] !== OPENING || bytes[end - 1] !== CLOSING) return false;
    if (!bytes.subarray(start, end).includes(USAGE)) return true;
    const message = parseTranscriptLine(bytes.toString('utf8', start, end));
    if (message.kind === 'irrelevant') return true;
    if (message.kind === 'unrecognised') return false;
    const response = toResponse(message);
    // The first message that names a directory decides the thread's project.
    const hasDirectory = message.cwd !== undefined;
    if (!known.has(response.threadId) && (hasDirectory || !threads.has(response.threadId))) {
      threads.set(response.threadId, toThread(message, response, nameProject));
    }
    if (hasDirectory) known.add(response.threadId);
    const before = messages.get(message.key);
    if (!before) messages.set(message.key, response);
    else if (response.usage.output > before.usage.output) {
      messages.set(message.key, { ...response, completedAtMs: before.completedAtMs });
    }
    return true;
  };
  return {
    threadId: basename(path, '.jsonl'),
    get waiting() {
      return messages.size;
    },
    get unreadableLines() {
      return unreadableLines;
    },
    get firstUnreadable() {
      return firstUnreadable;
    },
    get buffer() {
      return lines.bytes;
    },
    grow: () => lines.grow(),
    take: (start, end, offset) =>
      splitLines(lines.bytes, start, end, (bytes, from, to) => {
        if (takeLine(bytes, from, to)) return;
        unreadableLines++;
        firstUnreadable ??= { offset: offset + from, reason: undefined };
      }),
    // Where a line's usage stands is not known before all of it has been read.
    skips: () => false,
    takeLast: (line) => takeLine(line, 0, line.length),
    drain() {
      // A session that goes on from another holds a copy of its messages.
      const responses = [...messages.values()].map((response) => ({ response, bill: pricer.bill(response) }));
      const drained = { threads: [...threads.values()], packs: [], responses };
      threads.clear();
      messages.clear();
      return drained;
    },
    // A message that goes on after an import is found by its key in the record.
    save: () => ({}),
  };
}

function toResponse(message: TranscriptMessage): ModelResponse {
  const { sessionId, agentId, key, model, serviceTier, usage, cacheWrite1h, atMs } = message;
  return {
    provider: 'claude',
    threadId: agentId === undefined ? sessionId : `${sessionId}/${agentId}`,
    key,
    turnId: undefined,
    rootTurnId: undefined,
    model,
    serviceTier,
    usage,
    cacheWrite1h,
    evidence: 'usage_record',
    source: 'actual',
    completedAtMs: atMs,
  };
}

function toThread(message: TranscriptMessage, { threadId }: ModelResponse, nameProject: NameProject): HistoryThread {
  const { sessionId, agentId, cwd, version, atMs } = message;
  return {
    id: threadId,
    provider: 'claude',
    rootId: sessionId,
    projectId: cwd === undefined ? 'unknown' : nameProject(cwd),
    kind: agentId === undefined ? 'main' : 'subagent',
    cwd,
    cliVersion: version,
    startedAtMs: atMs,
  };
}
