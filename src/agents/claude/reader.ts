import { basename } from 'node:path';
import type { JsonObject } from '../../formats/json.js';
import type { HistoryThread } from '../../store/history.js';
import type { HeldCopy } from '../../store/session-runs.js';
import type { ModelResponse } from '../../usage/record.js';
import { looksLikeObject, type OpenReaders, type ReaderTools, type RecordReader } from '../session-reader.js';
import { type KnownMessage, keyOf, MessageLines } from './messages.js';
import { toResponses, toThread } from './responses.js';
import { type SavedTotals, TotalTracker } from './totals.js';
import { mayHoldUsage, parseTranscriptLine, type TranscriptMessage } from './transcript.js';

/** The state that is saved in the database with a transcript, so that the next import reads on from there. Its keys are stored: do not rename them. */
export interface SavedTranscript {
  readonly messages?: readonly KnownMessage[];
  readonly runs?: SavedTotals;
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
  readonly #totals: TotalTracker;
  /** The responses by key. The last line of a message has its whole output, so it replaces earlier ones. */
  readonly #responses = new Map<string, ModelResponse>();
  readonly #threads = new Map<string, HistoryThread>();
  /** The threads whose directory is known. */
  readonly #threadsWithDirectory = new Set<string>();
  readonly #copies: HeldCopy[] = [];

  constructor(threadId: string, tools: ReaderTools, saved: SavedTranscript | undefined) {
    this.threadId = threadId;
    this.#tools = tools;
    this.#lines = new MessageLines(saved?.messages);
    this.#totals = new TotalTracker(saved?.runs);
  }

  get waiting(): number {
    return this.#responses.size;
  }

  get responsesWithoutUsage(): number {
    return this.#totals.responsesWithoutUsage;
  }

  isIrrelevant(line: Buffer, isWhole: boolean): boolean {
    // The usage can be anywhere in a line, so a line that is not whole yet may still have one.
    return isWhole && looksLikeObject(line) && !mayHoldUsage(line);
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
        this.#lines.interrupt();
        this.#totals.addTotal(line);
        return undefined;
      case 'without usage':
        this.#totals.addResponsesWithoutUsage(line);
        this.#addThread(line.sessionId, { ...line, agentId: undefined });
        return undefined;
      case 'prompt':
        this.#lines.interrupt();
        this.#totals.addPrompt(line.atMs);
        return undefined;
    }
  }

  drain() {
    const { pricer } = this.#tools;
    const responses = [...this.#responses.values()].map((response) => ({ response, bill: pricer.bill(response) }));
    const threads = [...this.#threads.values()];
    const drained = { threads, packs: [], responses, runs: this.#totals.take(), copies: this.#copies.splice(0) };
    this.#threads.clear();
    this.#responses.clear();
    return drained;
  }

  save(): SavedTranscript {
    return { messages: this.#lines.save(), runs: this.#totals.save() };
  }

  #takeMessage(line: TranscriptMessage): void {
    const { sessionId, heldBy, agentId } = line;
    const threadId = agentId === undefined ? sessionId : `${sessionId}/${agentId}`;
    this.#addThread(threadId, line);
    const message = this.#lines.find(threadId, line);
    if (agentId === undefined) this.#totals.addMessage(line.atMs, sessionId === heldBy ? 'original' : 'copy');
    for (const response of toResponses(line, { threadId, key: keyOf(message), completedAtMs: message.startedAtMs })) {
      const before = this.#responses.get(response.key);
      if (!before && sessionId !== heldBy) this.#copies.push({ sessionId: heldBy, key: response.key });
      if (!before || !isEarlier(response, before)) this.#responses.set(response.key, response);
    }
  }

  #addThread(id: string, line: Parameters<typeof toThread>[1]): void {
    if (this.#threadsWithDirectory.has(id)) return;
    // The first line with a directory decides the thread's project.
    const hasDirectory = line.cwd !== undefined;
    if (hasDirectory) this.#threadsWithDirectory.add(id);
    if (hasDirectory || !this.#threads.has(id)) this.#threads.set(id, toThread(id, line, this.#tools.nameProject));
  }
}

/** Whether a line of a message was written before another one: output only grows. */
function isEarlier({ usage }: ModelResponse, { usage: before }: ModelResponse): boolean {
  if (usage.output !== before.output) return usage.output < before.output;
  if (usage.reasoning !== before.reasoning) return usage.reasoning < before.reasoning;
  return usage.input < before.input;
}
