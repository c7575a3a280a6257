import type { JsonObject } from '../formats/json.js';
import { isUnrecognised, parseObject } from '../formats/line.js';
import { createLineSplitter, type LineSplitter, type Scan } from '../io/lines.js';
import type { Pricer } from '../pricing/pricer.js';
import type { FileImport } from '../store/history.js';

/** Reads the records of one session file. It has what differs between agents. */
export interface RecordReader {
  /** Undefined while no record has named a thread. */
  readonly threadId: string | undefined;
  /** How many responses wait to be drained. */
  readonly waiting: number;
  /** At least this many responses have no usage anywhere. None when absent. */
  readonly responsesWithoutUsage?: number;
  /** The reasons to doubt a count of the file, in words. Absent: there are none. */
  readonly doubts?: readonly string[];
  /** The file is one JSON object, which the agent writes anew each time. When absent, each line is one. */
  readonly isDocument?: boolean;
  /**
   * Whether a line says nothing of usage, so that it need not be parsed: nearly all of a session is content. `line` has at least 256
   * bytes where it is not whole, or all that there is.
   */
  isIrrelevant(line: Buffer, isWhole: boolean): boolean;
  /** Takes a record. Returns why it, or a part of it, could not be read: fixed words and names, never the content. */
  take(record: JsonObject): string | undefined;
  /** The buffer into which a file is read, a chunk at a time. `scan` works on it, so that it need not copy the bytes. */
  readonly chunkBuffer?: Buffer;
  /** Takes frequent records from the bytes of their lines, where to parse each line would take too long. */
  scan?(lines: Buffer, first: number, handOn: Parameters<Scan>[2], refuse: Refuse): number;
  /** Returns what has been found since the last call. */
  drain(): Found;
  /** Returns as plain data what is needed to read on later. Undefined: the file is read anew when it has changed. */
  save(): object | undefined;
}

/** Counts the line of this number as one that could not be read. */
export type Refuse = (reason: string, line: number) => void;

export type Found = Pick<FileImport, 'threads' | 'packs' | 'responses' | 'runs' | 'copies'>;

/** Prepares the reading of many session files of one agent, one after the other, in one thread. */
export type OpenReaders = (tools: ReaderTools) => OpenRecordReader;

/** Opens the reader of the session file at `path`. `saved` is what `save` returned after an earlier reading of the file. */
export type OpenRecordReader = (path: string, saved: object | undefined) => RecordReader;

export interface ReaderTools {
  readonly nameProject: NameProject;
  readonly pricer: Pricer;
}

/** Returns the project that belongs to a directory. */
export type NameProject = (cwd: string) => string;

/** A session file that is being read, of whichever agent. */
export interface SessionReader {
  readonly records: RecordReader;
  /** Takes the file's bytes, from where the earlier reading ended. */
  readonly lines: LineSplitter;
  readonly unreadableLines: number;
  /** The first of them, numbered from where this reading began. */
  readonly firstUnreadable: { readonly line: number; readonly reason: string } | undefined;
}

/** Splits lines, parses them, and counts those that cannot be read: for every agent alike. */
export function createSessionReader(records: RecordReader): SessionReader {
  let unreadableLines = 0;
  let firstUnreadable: SessionReader['firstUnreadable'];
  const refuse: Refuse = (reason, line) => {
    unreadableLines++;
    firstUnreadable ??= { line, reason };
  };
  const scan = records.scan?.bind(records);
  const lines = createLineSplitter(
    {
      wants: (line, _number, isWhole) => !records.isIrrelevant(line, isWhole),
      onLine(text, line) {
        const record = parseObject(text);
        const reason = isUnrecognised(record) ? record.reason : records.take(record);
        if (reason !== undefined) refuse(reason, line);
      },
      onOverlong: (line) => refuse('line too long', line),
      ...(scan && { scan: (bytes, first, handOn) => scan(bytes, first, handOn, refuse) }),
    },
    { isDocument: records.isDocument ?? false },
  );
  return {
    records,
    lines,
    get unreadableLines() {
      return unreadableLines;
    },
    get firstUnreadable() {
      return firstUnreadable;
    },
  };
}

const OPENING = '{'.charCodeAt(0);
const CLOSING = '}'.charCodeAt(0);
/** Bytes that are allowed around an object: spaces, the carriage return of Windows, a byte order mark. */
const AROUND: readonly number[] = [0x20, 0x09, 0x0d, 0xef, 0xbb, 0xbf];

/** Whether a line begins and ends as a JSON object does. A line that does not is unreadable, so it need not be searched. */
export function looksLikeObject(line: Buffer): boolean {
  let [start, end] = [0, line.length - 1];
  while (AROUND.includes(line[start] ?? 0)) start++;
  while (end > start && AROUND.includes(line[end] ?? 0)) end--;
  return line[start] === OPENING && line[end] === CLOSING;
}
