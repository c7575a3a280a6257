import { basename, dirname, join } from 'node:path';
import { readRegularFile } from '../../files/regular-file.js';
import type { JsonObject } from '../../formats/json.js';
import { isUnrecognised } from '../../formats/line.js';
import type { HistoryThread } from '../../store/history.js';
import type { ModelResponse } from '../../usage/record.js';
import { looksLikeObject, type OpenReaders, type ReaderTools, type RecordReader } from '../session-reader.js';
import { CHATS } from './agent.js';
import { type GeminiMessage, parseSessionRecord, type SessionHeader } from './session.js';

/** The state that is saved in the database with a session file, so that the next import reads on from there. Its keys are stored: do not rename them. */
interface SavedSession {
  readonly threadId?: string | undefined;
  readonly known?: readonly string[];
}

/** How many of the newest messages the next import knows: Gemini CLI writes the last ones again when their tools have answered. */
const MOST_SAVED = 16;
/** The model of responses for which no line names one. */
const UNKNOWN_MODEL = 'unknown';

/** This file beside the folder of the sessions names the project's directory. Releases that named the folder by a hash had none. */
const ROOT_FILE = '.project_root';
const LONGEST_PATH = 4096;

/** Reads sessions of Gemini CLI: one response per message, however often it is written. A sub-agent is a thread of its own. */
export const openGeminiReaders: OpenReaders = (tools) => (path, saved) =>
  new GeminiReader(path, tools, saved as SavedSession | undefined);

class GeminiReader implements RecordReader {
  threadId: string | undefined;
  /** Releases that write `.json` write the whole session anew, as one document, after each message. */
  readonly isDocument: boolean;
  readonly #path: string;
  readonly #tools: ReaderTools;
  readonly #known: Set<string>;
  #threads: HistoryThread[] = [];
  #responses: ModelResponse[] = [];
  #addsUp = true;

  constructor(path: string, tools: ReaderTools, { threadId, known = [] }: SavedSession = {}) {
    this.#path = path;
    this.isDocument = path.endsWith('.json');
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

  isIrrelevant(line: Buffer, isWhole: boolean): boolean {
    // The tokens of a message can be anywhere in its line, so a line that is not whole yet may still have some.
    if (!isWhole || this.isDocument || !looksLikeObject(line)) return false;
    return !line.includes('"tokens":') && !line.includes('"sessionId":');
  }

  take(object: JsonObject): string | undefined {
    const record = parseSessionRecord(object);
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

  save(): SavedSession | undefined {
    if (this.isDocument) return undefined;
    return { threadId: this.threadId, known: [...this.#known].slice(-MOST_SAVED) };
  }

  #begin({ sessionId, startedAtMs, isSubagent, directory }: SessionHeader): void {
    const cwd = findProjectRoot(this.#path) ?? directory;
    this.threadId = sessionId;
    this.#threads.push({
      id: sessionId,
      provider: 'gemini',
      // The folder of a sub-agent's file is named after the session that it works for.
      rootId: isSubagent ? basename(dirname(this.#path)) : sessionId,
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

/** Returns the project's directory of the session file at `path`. Undefined where no file names it. */
function findProjectRoot(path: string): string | undefined {
  const folder = dirname(path);
  const chats = basename(folder) === CHATS ? folder : dirname(folder);
  try {
    const root = readRegularFile(join(dirname(chats), ROOT_FILE), LONGEST_PATH)
      .toString('utf8')
      .trim();
    return root === '' ? undefined : root;
  } catch {
    return undefined;
  }
}
