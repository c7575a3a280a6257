import { basename } from 'node:path';
import { describeRefusal } from '../../formats/count.js';
import type { JsonObject } from '../../formats/json.js';
import type { HistoryThread } from '../../store/history.js';
import { Packer } from '../../store/pack.js';
import type { ModelResponse } from '../../usage/record.js';
import type { OpenReaders, ReaderTools, RecordReader, Refuse } from '../session-reader.js';
import { leaveOutInstructions } from './header.js';
import { areIrrelevantBytes, type RolloutRecord, readRolloutRecord } from './rollout.js';
import { type RolloutHandlers, RolloutScanner } from './rollout-scanner.js';
import { parseSessionFileName } from './session-file.js';
import { Thread } from './thread.js';
import type { SavedThread } from './thread-state.js';

/** Reads session files of Codex by the rules that live metering counts by. */
export const openCodexReaders: OpenReaders = (tools) => {
  // They keep their buffers from one file to the next.
  const reused = { packer: new Packer(), scanner: new RolloutScanner() };
  return (path, saved) => new CodexReader(path, saved as SavedThread | undefined, { ...tools, ...reused });
};

interface Tools extends ReaderTools {
  readonly packer: Packer;
  readonly scanner: RolloutScanner;
}

class CodexReader implements RecordReader {
  readonly #path: string;
  readonly #thread: Thread;
  readonly #tools: Tools;
  #threads: HistoryThread[] = [];
  #hasThread = false;

  constructor(path: string, saved: SavedThread | undefined, tools: Tools) {
    this.#path = path;
    this.#thread = new Thread(0, { pageId: parseSessionFileName(basename(path))?.pageId }, saved);
    this.#tools = tools;
    tools.scanner.begin();
  }

  get threadId(): string | undefined {
    return this.#thread.id;
  }

  get waiting(): number {
    return this.#tools.packer.size;
  }

  get doubts(): readonly string[] {
    return this.#thread.notes.map(({ reason }) => reason);
  }

  get chunkBuffer(): Buffer {
    return this.#tools.scanner.buffer;
  }

  isIrrelevant(line: Buffer): boolean {
    return areIrrelevantBytes(line);
  }

  take(object: JsonObject): string | undefined {
    const record = readRolloutRecord(object);
    if (record.kind === 'unrecognised') return record.reason;
    return record.kind === 'irrelevant' ? undefined : this.#takeRecord(record);
  }

  scan(lines: Buffer, first: number, onLine: RolloutHandlers['onLine'], refuse: Refuse): number {
    const onRecord = (record: RolloutRecord, number: number) => {
      const refusal = this.#takeRecord(record);
      if (refusal !== undefined) refuse(refusal, number);
    };
    return this.#tools.scanner.scan(lines, first, {
      onRecord,
      onLine: (line, number) => onLine(leaveOutInstructions(line), number),
    });
  }

  drain() {
    const packs = this.#tools.packer.take();
    // Responses without a header get a thread that is named after the file. A header that comes later takes its place.
    if (this.#thread.id === undefined && packs[0] && !this.#hasThread) this.#addThread({}, packs[0].firstMs);
    const threads = this.#threads;
    this.#threads = [];
    return { threads, packs, responses: [] };
  }

  save(): SavedThread {
    return this.#thread.save();
  }

  #takeRecord(record: RolloutRecord): string | undefined {
    const { refused, responses } = this.#thread;
    this.#add(record);
    // A response is packed as soon as it is found. Most records make none, and V8 takes a while to empty even an empty array.
    if (responses.length > 0) {
      for (const response of responses) this.#pack(response);
      responses.length = 0;
    }
    return this.#thread.refused > refused ? describeRefusal(record) : undefined;
  }

  #pack(response: ModelResponse): void {
    const named = this.#thread.id === undefined ? { ...response, threadId: nameThread(this.#path) } : response;
    this.#tools.packer.add(named, this.#tools.pricer.bill(response));
  }

  #add(record: RolloutRecord): void {
    // Not "the first record": an earlier reading may have found the file empty, or its header cut.
    const isHeader = record.kind === 'session' && this.#thread.id === undefined;
    this.#thread.add(record);
    if (!isHeader) return;
    const { cwd, role, tags } = record;
    this.#addThread({ cwd, tags, kind: role, ...(cwd && { projectId: this.#tools.nameProject(cwd) }) }, record.atMs);
  }

  #addThread(more: Partial<HistoryThread>, startedAtMs: number): void {
    this.#hasThread = true;
    const { id = nameThread(this.#path), sessionId, cliVersion } = this.#thread;
    const rest = { projectId: 'unknown', kind: 'main', cwd: undefined, cliVersion, startedAtMs };
    this.#threads.push({ id, provider: 'codex', rootId: sessionId ?? id, ...rest, ...more });
  }
}

/** Returns the thread that a session file is named after, or the file's own name where it is no thread's. */
function nameThread(path: string): string {
  const name = basename(path);
  return parseSessionFileName(name)?.threadId ?? `file:${name}`;
}
