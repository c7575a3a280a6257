import { basename } from 'node:path';
import type { JsonObject } from '../../formats/json.js';
import type { HistoryThread } from '../../store/history.js';
import type { HeldCopy } from '../../store/session-runs.js';
import type { ModelResponse } from '../../usage/record.js';
import { looksLikeObject, type OpenReaders, type ReaderTools, type RecordReader } from '../session-reader.js';
import { type KnownMessage, keyOf, MessageLines } from './messages.js';
import { toResponses, toThread } from './responses.js';
import { RunTracker, type SavedRuns } from './runs.js';
import type { SessionTotal, UntoldResponses } from './session.js';
import { mayTell, parseTranscriptLine, type TranscriptMessage } from './transcript.js';

/** What an import keeps of a file, so that the next import can read on where this one ended. */
export interface SavedTranscript {
  readonly messages?: readonly KnownMessage[];
  readonly runs?: SavedRuns;
}

/**
 * Reads transcripts of Claude Code: one response per message, however many lines it has, and the totals that Claude Code itself
 * wrote. A sub-agent of a session is a thread of its own.
 */
export const openClaudeReaders: OpenReaders = (tools) => (path, saved) =>
  new TranscriptReader(basename(path, '.jsonl'), tools, saved as SavedTranscript | undefined);

class TranscriptReader implements RecordReader {
  /** The session that the file is named after. */
  readonly threadId: string;
  readonly #tools: ReaderTools;
  readonly #lines: MessageLines;
  readonly #runs: RunTracker;
  /** By key. A message's lines follow each other, and the last one knows its output best. */
  readonly #responses = new Map<string, ModelResponse>();
  readonly #threads = new Map<string, HistoryThread>();
  /** Those whose directory is known. */
  readonly #placedThreads = new Set<string>();
  readonly #copies: HeldCopy[] = [];

  constructor(threadId: string, tools: ReaderTools, saved: SavedTranscript | undefined) {
    this.threadId = threadId;
    this.#tools = tools;
    this.#lines = new MessageLines(saved?.messages);
    this.#runs = new RunTracker(saved?.runs);
  }

  get waiting(): number {
    return this.#responses.size;
  }

  get responsesWithoutUsage(): number {
    return this.#runs.untold;
  }

  isIrrelevant(line: Buffer, isWhole: boolean): boolean {
    // Where a line's usage stands is not known before all of the line is there.
    return isWhole && looksLikeObject(line) && !mayTell(line);
  }

  take(record: JsonObject): string | undefined {
    const line = parseTranscriptLine(record);
    switch (line.kind) {
      case 'unrecognised':
        return line.reason;
      case 'irrelevant':
        return undefined;
      case 'message':
        this.#takeMessage(line);
        return line.unreadableParts === 0 ? undefined : 'assistant with a part of an unknown shape';
      case 'total':
        this.#takeTotal(line);
        return undefined;
      case 'untold':
        this.#takeUntold(line);
        return undefined;
      case 'prompt':
        this.#lines.interrupt();
        this.#runs.seePrompt(line.atMs);
        return undefined;
    }
  }

  drain() {
    const { pricer } = this.#tools;
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
    if (hasDirectory || !this.#threads.has(id)) this.#threads.set(id, toThread(id, line, this.#tools.nameProject));
  }
}

/** Of two lines of a message: the one with more output was written later. */
function knowsLess({ usage }: ModelResponse, { usage: before }: ModelResponse): boolean {
  if (usage.output !== before.output) return usage.output < before.output;
  if (usage.reasoning !== before.reasoning) return usage.reasoning < before.reasoning;
  return usage.input < before.input;
}
