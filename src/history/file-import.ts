import { closeSync, openSync, readSync } from 'node:fs';
import type { CreateReader } from '../agents/readers.js';
import type { AgentId } from '../agents/registry.js';
import type { SessionReader } from '../agents/session-reader.js';
import { StoreError } from '../errors.js';
import { isUnrecognised, parseObject } from '../formats/line.js';
import { decompressing, type ReadInto, readChunks, readFrom } from '../io/chunks.js';
import { countLines, isBlank } from '../io/lines.js';
import type { FileImport, HistoryFile } from '../store/history.js';
import { describeFault, type FileTask } from './discovery.js';
import { describeProblems, type Found, type UnreadableLine } from './file-problems.js';
import { type Fingerprint, fingerprintHead, parseSavedFile, SAVED_VERSION, type SavedFile } from './saved-file.js';

export interface FileImportTools {
  readonly createReaders: Readonly<Record<AgentId, CreateReader>>;
  /** Called with what was found in a file, or in the next part of a large one. */
  readonly onPart: (part: FileImport) => void;
}

/** A part of a large file is recorded on its own. */
const PART_RESPONSES = 4000;
const FINGERPRINT_BYTES = 512;

export interface FileOutcome {
  /** How many lines could not be read that earlier imports had not read. */
  readonly unreadableLines: number;
  /** The problem of the file, in words for the user. */
  readonly problem: string | undefined;
}

/** Reads what is new in a file. A problem of the file is returned, and only a StoreError is thrown. */
export function importFile(task: FileTask, tools: FileImportTools): FileOutcome {
  let fd: number | undefined;
  try {
    fd = openSync(task.path, 'r');
    return new OpenFile(fd, task, tools).import();
  } catch (error) {
    if (error instanceof StoreError) throw error;
    return { unreadableLines: 0, problem: describeFault(error) };
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

class OpenFile {
  readonly #task: FileTask;
  readonly #tools: FileImportTools;
  readonly #fd: number;
  readonly #isCompressed: boolean;
  readonly #reader: SessionReader;
  /** The offset at which an earlier import ended. `#readBytes` is the one that this import has come to. */
  readonly #startBytes: number = 0;
  #readBytes = 0;
  #responses = 0;
  #unreadableBefore = 0;
  #newestMs = 0;
  #head: Fingerprint | undefined;
  /** The first line that an import of the file could not read. */
  #unreadable: UnreadableLine | undefined;
  /** The doubts that earlier imports of the file had. */
  #doubtsBefore: readonly string[] = [];

  constructor(fd: number, task: FileTask, tools: FileImportTools) {
    this.#task = task;
    this.#tools = tools;
    this.#fd = fd;
    this.#isCompressed = task.path.endsWith('.zst');
    const saved = this.#findSaved();
    if (saved && task.known) {
      this.#startBytes = task.known.readBytes;
      this.#readBytes = task.known.readBytes;
      this.#responses = task.known.responses;
      this.#unreadableBefore = task.known.unreadableLines;
      this.#unreadable = saved.unreadable;
      this.#doubtsBefore = saved.doubts ?? [];
    }
    this.#reader = tools.createReaders[task.provider](task.path, saved?.reader);
  }

  import(): FileOutcome {
    let fault: string | undefined;
    let isCut = false;
    try {
      isCut = this.#scan() === 'cut';
    } catch (error) {
      if (error instanceof StoreError) throw error;
      fault = describeFault(error);
    }
    const problem = this.#record(fault === undefined || this.#isCompressed ? 'whole' : 'part', (found) => {
      return describeProblems({
        ...found,
        fault,
        isCut,
        sizeBytes: this.#task.sizeBytes,
        threadId: this.#reader.records.threadId,
      });
    });
    return { unreadableLines: this.#unreadableLines - this.#unreadableBefore, problem };
  }

  #scan(): 'whole' | 'cut' {
    const { lines, records } = this.#reader;
    const file = this.#noticingHead(readFrom(this.#fd, this.#startBytes));
    for (const chunk of readChunks(this.#isCompressed ? decompressing(file) : file, records.chunkBuffer)) {
      lines.push(chunk);
      this.#readBytes = this.#startBytes + lines.endedBytes;
      if (records.waiting >= PART_RESPONSES) this.#record('part');
    }
    const rest = lines.rest();
    if (rest === 'unwanted' || (rest !== 'overlong' && isBlank(rest))) return 'whole';
    // A file at rest may lack the last newline; one that is being written ends in the middle of a line.
    if (rest === 'overlong' || !isJson(rest)) return 'cut';
    lines.end();
    this.#readBytes = this.#startBytes + lines.endedBytes;
    return 'whole';
  }

  /** Takes the fingerprint from the first bytes as they are read, so that they are not read twice. */
  #noticingHead(read: ReadInto): ReadInto {
    if (this.#startBytes > 0 || this.#isCompressed) return read;
    return (target, offset) => {
      const bytesRead = read(target, offset);
      this.#head ??= fingerprintHead(target.subarray(offset, offset + Math.min(bytesRead, FINGERPRINT_BYTES)));
      return bytesRead;
    };
  }

  /** How many lines this import and earlier ones could not read. */
  get #unreadableLines(): number {
    return this.#unreadableBefore + this.#reader.unreadableLines;
  }

  get #doubts(): readonly string[] {
    return [...new Set([...this.#doubtsBefore, ...(this.#reader.records.doubts ?? [])])];
  }

  /** Hands over what was found since the last call. A file of which only a `part` was read is read on by the next import. */
  #record(extent: 'whole' | 'part', describe?: (found: Found) => string | undefined): string | undefined {
    const { records } = this.#reader;
    const found = records.drain();
    for (const { responses, lastMs } of found.packs) this.#count(responses, lastMs);
    for (const { response } of found.responses) this.#count(1, response.completedAtMs);
    this.#unreadable ??= this.#findUnreadable();
    const problem = describe?.({
      unreadable: this.#unreadable,
      unreadableLines: this.#unreadableLines,
      newestMs: this.#newestMs,
      responsesWithoutUsage: records.responsesWithoutUsage ?? 0,
      doubts: this.#doubts,
    });
    const file: HistoryFile = {
      path: this.#task.path,
      provider: this.#task.provider,
      threadId: records.threadId ?? null,
      sizeBytes: extent === 'whole' ? this.#task.sizeBytes : -1,
      modifiedAtMs: this.#task.modifiedAtMs,
      readBytes: this.#readBytes,
      state: this.#describeState(),
      responses: this.#responses,
      unreadableLines: this.#unreadableLines,
      problem: problem ?? null,
      responsesWithoutUsage: records.responsesWithoutUsage ?? 0,
    };
    this.#tools.onPart({ file, ...found });
    return problem;
  }

  /** The lines that earlier imports read are counted only when there is such a line, because that reads them once more. */
  #findUnreadable(): UnreadableLine | undefined {
    const first = this.#reader.firstUnreadable;
    return first && { ...first, line: countLines(this.#fd, this.#startBytes) + first.line };
  }

  #count(responses: number, newestMs: number): void {
    this.#responses += responses;
    this.#newestMs = Math.max(this.#newestMs, newestMs);
  }

  /** Returns null where the file cannot be read on from here: it is read anew when it has changed. */
  #describeState(): string | null {
    const reader = this.#isCompressed ? undefined : this.#reader.records.save();
    if (!reader) return null;
    const head = this.#head ?? this.#readHead(FINGERPRINT_BYTES);
    const [unreadable, doubts] = [this.#unreadable, this.#doubts];
    const saved: SavedFile = { version: SAVED_VERSION, head, reader, unreadable, doubts };
    return JSON.stringify(saved);
  }

  #findSaved(): SavedFile | undefined {
    const { known } = this.#task;
    if (this.#isCompressed || !known?.state || known.readBytes > this.#task.sizeBytes) return undefined;
    const saved = parseSavedFile(known.state);
    return saved && this.#readHead(saved.head.bytes).sha1 === saved.head.sha1 ? saved : undefined;
  }

  #readHead(most: number): Fingerprint {
    const head = Buffer.alloc(most);
    return fingerprintHead(head.subarray(0, readSync(this.#fd, head, 0, head.length, 0)));
  }
}

function isJson(bytes: Buffer): boolean {
  const parsed = parseObject(bytes.toString('utf8'));
  return !isUnrecognised(parsed) || parsed.reason !== 'not JSON';
}
