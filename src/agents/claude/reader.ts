import { basename } from 'node:path';
import { LineBuffer, splitLines, trimLine } from '../../io/scan.js';
import type { HistoryThread } from '../../store/history.js';
import type { HeldCopy } from '../../store/session-runs.js';
import type { ModelResponse } from '../../usage/record.js';
import type { OpenReaders, ReaderTools } from '../agent.js';
import type { SessionReader, UnreadablePlace } from '../session-reader.js';
import { type KnownMessage, keyOf, MessageLines } from './messages.js';
import { toResponses, toThread } from './responses.js';
import { RunTracker, type SavedRuns } from './runs.js';
import type { SessionTotal, UntoldResponses } from './session.js';
import { mayTell, parseTranscriptLine, type TranscriptMessage } from './transcript.js';

const OPENING = '{'.charCodeAt(0);
const CLOSING = '}'.charCodeAt(0);

/** What an import keeps of a file, so that the next import can read on where this one ended. */
export interface SavedTranscript {
  readonly messages?: readonly KnownMessage[];
  readonly runs?: SavedRuns;
}

/**
 * Reads transcripts of Claude Code: one response per message, however many lines it has, and what the session's own totals
 * tell. A sub-agent of a session is a thread of its own.
 */
export const openClaudeReaders: OpenReaders = (tools) => {
  const lines = new LineBuffer();
  return (path, saved) => createReader({ ...tools, path, lines, saved: saved as SavedTranscript | undefined });
};

interface ReaderOptions extends ReaderTools {
  readonly path: string;
  /** Used anew for each file. */
  readonly lines: LineBuffer;
  readonly saved: SavedTranscript | undefined;
}

function createReader(options: ReaderOptions): SessionReader {
  const { path, lines } = options;
  const told = new ToldByTranscript(options);
  let unreadableLines = 0;
  let firstUnreadable: UnreadablePlace | undefined;
  const takeLine = (whole: Buffer): boolean => {
    const line = trimLine(whole);
    if (line[0] !== OPENING || line[line.length - 1] !== CLOSING) return line.length === 0;
    return !mayTell(line) || told.take(line.toString('utf8'));
  };
  return {
    threadId: basename(path, '.jsonl'),
    get waiting() {
      return told.waiting;
    },
    get unreadableLines() {
      return unreadableLines;
    },
    get firstUnreadable() {
      return firstUnreadable;
    },
    get untoldResponses() {
      return told.untold;
    },
    get buffer() {
      return lines.bytes;
    },
    grow: () => lines.grow(),
    take: (start, end, offset) =>
      splitLines(lines.bytes, start, end, (bytes, from, to) => {
        if (takeLine(bytes.subarray(from, to))) return;
        unreadableLines++;
        firstUnreadable ??= { offset: offset + from, reason: undefined };
      }),
    // Where a line's usage stands is not known before all of it has been read.
    skips: () => false,
    takeLast: (line) => takeLine(line),
    drain: () => told.drain(),
    save: () => told.save(),
  };
}

/** What the lines of a transcript come to. */
class ToldByTranscript {
  readonly #options: ReaderOptions;
  readonly #lines: MessageLines;
  readonly #runs: RunTracker;
  /** By key. A message's lines follow each other, and the last one knows its output best. */
  readonly #responses = new Map<string, ModelResponse>();
  readonly #threads = new Map<string, HistoryThread>();
  /** Those whose directory is known. */
  readonly #placedThreads = new Set<string>();
  readonly #copies: HeldCopy[] = [];

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.#lines = new MessageLines(options.saved?.messages);
    this.#runs = new RunTracker(options.saved?.runs);
  }

  get waiting(): number {
    return this.#responses.size;
  }

  get untold(): number {
    return this.#runs.untold;
  }

  /** Returns false when the line, or a part of it, could not be read. */
  take(text: string): boolean {
    const line = parseTranscriptLine(text);
    switch (line.kind) {
      case 'unrecognised':
        return false;
      case 'irrelevant':
        return true;
      case 'message':
        this.#takeMessage(line);
        return line.unreadableParts === 0;
      case 'total':
        this.#takeTotal(line);
        return true;
      case 'untold':
        this.#takeUntold(line);
        return true;
      case 'prompt':
        this.#lines.interrupt();
        this.#runs.seePrompt(line.atMs);
        return true;
    }
  }

  drain() {
    const { pricer } = this.#options;
    const responses = [...this.#responses.values()].map((response) => ({ response, bill: pricer.bill(response) }));
    const threads = [...this.#threads.values()];
    const drained = { threads, packs: [], responses, runs: this.#runs.take(), copies: this.#copies.splice(0) };
    this.#threads.clear();
    this.#responses.clear();
    return drained;
  }

  save(): SavedTranscript {
    return { messages: this.#lines.save(), runs: this.#runs.save() };
  }

  #takeMessage(line: TranscriptMessage): void {
    const { sessionId, heldBy, agentId } = line;
    const threadId = agentId === undefined ? sessionId : `${sessionId}/${agentId}`;
    this.#addThread(threadId, line);
    const message = this.#lines.find(threadId, line);
    if (agentId === undefined) this.#runs.seeMessage(line.atMs, sessionId === heldBy ? 'own' : 'copy');
    for (const response of toResponses(line, { threadId, key: keyOf(message), startedAtMs: message.startedAtMs })) {
      const before = this.#responses.get(response.key);
      if (!before && sessionId !== heldBy) this.#copies.push({ sessionId: heldBy, key: response.key });
      if (!before || !knowsLess(response, before)) this.#responses.set(response.key, response);
    }
  }

  #takeTotal(line: SessionTotal): void {
    this.#lines.interrupt();
    this.#runs.seeTotal(line);
  }

  #takeUntold(line: UntoldResponses): void {
    this.#runs.seeUntold(line);
    this.#addThread(line.sessionId, { ...line, agentId: undefined });
  }

  #addThread(id: string, line: Parameters<typeof toThread>[1]): void {
    if (this.#placedThreads.has(id)) return;
    // The first line that names a directory decides the thread's project.
    const hasDirectory = line.cwd !== undefined;
    if (hasDirectory) this.#placedThreads.add(id);
    if (hasDirectory || !this.#threads.has(id)) this.#threads.set(id, toThread(id, line, this.#options.nameProject));
  }
}

/** Of two lines of a message: the one with more output was written later. */
function knowsLess({ usage }: ModelResponse, { usage: before }: ModelResponse): boolean {
  if (usage.output !== before.output) return usage.output < before.output;
  if (usage.reasoning !== before.reasoning) return usage.reasoning < before.reasoning;
  return usage.input < before.input;
}
