import { isUnrecognised } from '../../formats/line.js';
import { LineBuffer, splitLines, trimLine } from '../../io/scan.js';
import type { HistoryThread } from '../../store/history.js';
import type { ModelResponse } from '../../usage/record.js';
import type { OpenReaders, ReaderTools } from '../agent.js';
import type { SessionReader, UnreadablePlace } from '../session-reader.js';
import { findParentSession, findProjectRoot } from './project.js';
import { type GeminiMessage, parseSessionRecord, type SessionHeader } from './session.js';

/** What an import keeps of a file, so that the next import can read on where this one ended. */
interface SavedSession {
  readonly threadId?: string | undefined;
  readonly known?: readonly string[];
}

/** How many of the newest messages an import remembers: Gemini CLI writes the last ones again when their tools have answered. */
const MOST_SAVED = 16;
/** A model that no line names. */
const UNKNOWN_MODEL = 'unknown';

/** Reads sessions of Gemini CLI: one response per message, however often it is written. A sub-agent is a thread of its own. */
export const openGeminiReaders: OpenReaders = (tools) => {
  const lines = new LineBuffer();
  return (path, saved) => createReader(path, lines, new ToldBySession(path, tools, saved as SavedSession | undefined));
};

function createReader(path: string, lines: LineBuffer, told: ToldBySession): SessionReader {
  /** Releases that wrote `.json` wrote the whole session anew, as one document, after each message. */
  const isDocument = path.endsWith('.json');
  let unreadableLines = 0;
  let firstUnreadable: UnreadablePlace | undefined;
  const takeRecord = (bytes: Buffer, offset: number): void => {
    const record = trimLine(bytes);
    const reason = record.length > 0 ? told.take(record.toString('utf8')) : undefined;
    if (reason === undefined) return;
    unreadableLines++;
    firstUnreadable ??= { offset, reason };
  };
  return {
    get threadId() {
      return told.threadId;
    },
    get waiting() {
      return told.waiting;
    },
    get unreadableLines() {
      return unreadableLines;
    },
    get firstUnreadable() {
      return firstUnreadable;
    },
    get doubts() {
      return told.doubts;
    },
    get buffer() {
      return lines.bytes;
    },
    grow: () => lines.grow(),
    take(start, end, offset) {
      // A document is held until its end.
      if (isDocument) return start;
      return splitLines(lines.bytes, start, end, (bytes, from, to) => {
        const line = bytes.subarray(from, to);
        if (mayTell(line)) takeRecord(line, offset + from);
      });
    },
    // Where a message's tokens stand is not known before all of it has been read.
    skips: () => false,
    takeLast(line, offset) {
      takeRecord(line, offset);
      return true;
    },
    drain: () => told.drain(),
    save: () => (isDocument ? undefined : told.save()),
  };
}

/** Most of a file is texts of lines that tell nothing of usage: they are not parsed. What is no record at all is. */
function mayTell(line: Buffer): boolean {
  const record = trimLine(line);
  const isWhole = record[0] === 0x7b && record[record.length - 1] === 0x7d;
  return !isWhole || record.includes('"tokens":') || record.includes('"sessionId":');
}

/** Collects the responses that the records of one session file tell. */
class ToldBySession {
  threadId: string | undefined;
  readonly #path: string;
  readonly #tools: ReaderTools;
  readonly #known: Set<string>;
  #threads: HistoryThread[] = [];
  #responses: ModelResponse[] = [];
  #addsUp = true;

  constructor(path: string, tools: ReaderTools, { threadId, known = [] }: SavedSession = {}) {
    this.#path = path;
    this.#tools = tools;
    this.threadId = threadId;
    this.#known = new Set(known);
  }

  get waiting(): number {
    return this.#responses.length;
  }

  get doubts(): readonly string[] {
    return this.#addsUp ? [] : ['counts that are not what the total beside them says'];
  }

  /** Returns why the record, or a part of it, could not be read. */
  take(text: string): string | undefined {
    const record = parseSessionRecord(text);
    if (isUnrecognised(record)) return record.reason;
    if (record.header && this.threadId === undefined) this.#begin(record.header);
    const { threadId } = this;
    if (threadId === undefined) return record.messages.length > 0 ? 'a message before its session' : record.unreadable;
    for (const message of record.messages) this.#add(threadId, message);
    return record.unreadable;
  }

  drain() {
    const { pricer } = this.#tools;
    const responses = this.#responses.map((response) => ({ response, bill: pricer.bill(response) }));
    const drained = { threads: this.#threads, packs: [], responses };
    this.#threads = [];
    this.#responses = [];
    return drained;
  }

  save(): SavedSession {
    return { threadId: this.threadId, known: [...this.#known].slice(-MOST_SAVED) };
  }

  #begin({ sessionId, startedAtMs, isSubagent, directory }: SessionHeader): void {
    const cwd = findProjectRoot(this.#path) ?? directory;
    this.threadId = sessionId;
    this.#threads.push({
      id: sessionId,
      provider: 'gemini',
      rootId: isSubagent ? findParentSession(this.#path) : sessionId,
      projectId: cwd === undefined ? 'unknown' : this.#tools.nameProject(cwd),
      kind: isSubagent ? 'subagent' : 'main',
      cwd,
      cliVersion: undefined,
      startedAtMs,
    });
  }

  /** A message is written again when its tools have answered and when the history is replaced: it was billed once. */
  #add(threadId: string, { id, atMs, model = UNKNOWN_MODEL, usage, addsUp }: GeminiMessage): void {
    if (this.#known.has(id)) return;
    this.#known.add(id);
    if (!addsUp) this.#addsUp = false;
    this.#responses.push({
      provider: 'gemini',
      threadId,
      key: id,
      turnId: undefined,
      rootTurnId: undefined,
      model,
      serviceTier: undefined,
      usage,
      evidence: 'usage_record',
      source: 'actual',
      completedAtMs: atMs,
    });
  }
}
