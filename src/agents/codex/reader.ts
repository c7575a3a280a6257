import { basename } from 'node:path';
import { describeRefusal } from '../../formats/count.js';
import { IRRELEVANT } from '../../formats/line.js';
import type { HistoryThread } from '../../store/history.js';
import { Packer } from '../../store/pack.js';
import type { ModelResponse } from '../../usage/record.js';
import type { OpenReaders, ReaderTools } from '../agent.js';
import type { SessionReader, UnreadablePlace } from '../session-reader.js';
import { isSilentAt, parseSpokenLine, type RolloutRecord } from './rollout.js';
import { type RolloutHandlers, RolloutScanner } from './rollout-scanner.js';
import { parseSessionFileName } from './session-file.js';
import { Thread } from './thread.js';
import type { SavedThread } from './thread-state.js';

/** Reads session files of Codex by the rules that live metering counts by. */
export const openCodexReaders: OpenReaders = (tools) => {
  const reused = { scanner: new RolloutScanner(), packer: new Packer() };
  return (path, saved) => createReader(path, saved as SavedThread | undefined, { ...tools, ...reused });
};

interface Tools extends ReaderTools {
  /** These two are used anew for each file. */
  readonly scanner: RolloutScanner;
  readonly packer: Packer;
}

function createReader(path: string, saved: SavedThread | undefined, tools: Tools): SessionReader {
  const { nameProject, pricer, scanner, packer } = tools;
  const pageId = parseSessionFileName(basename(path))?.pageId;
  const thread = new Thread(0, { pageId }, saved);
  scanner.begin();
  const threads: HistoryThread[] = [];
  let isTold = false;
  let unreadableLines = 0;
  let firstUnreadable: UnreadablePlace | undefined;
  /** Where in the file the buffer begins. */
  let bufferOffset = 0;
  const refuse = (reason: string, at: number) => {
    unreadableLines++;
    firstUnreadable ??= { offset: bufferOffset + at, reason };
  };
  const addThread = (more: Partial<HistoryThread>, startedAtMs: number) => {
    isTold = true;
    const id = thread.id ?? nameThread(path);
    const rootId = thread.sessionId ?? id;
    const cliVersion = thread.cliVersion;
    const rest = { projectId: 'unknown', kind: 'main', cwd: undefined, cliVersion, startedAtMs };
    threads.push({ id, provider: 'codex', rootId, ...rest, ...more });
  };
  const add = (record: RolloutRecord) => {
    // The file may have been empty, or its header cut, when it was read before: so the thread itself says what it lacks.
    const isHeader = record.kind === 'session' && thread.id === undefined;
    thread.add(record);
    if (isHeader) {
      const { cwd, role } = record;
      addThread({ cwd, kind: role, ...(cwd && { projectId: nameProject(cwd) }) }, record.atMs);
    }
  };
  const handlers: RolloutHandlers = {
    onRecord(record, at) {
      const { refused } = thread;
      add(record);
      if (thread.refused > refused) refuse(describeRefusal(record), at);
      // They are packed as they are found, and need not outlive that.
      for (const response of thread.responses) packer.add(withThread(response, path), pricer.bill(response));
      thread.responses.length = 0;
    },
    onUnrecognised: ({ reason }, at) => refuse(reason, at),
  };
  return {
    get threadId() {
      return thread.id;
    },
    get waiting() {
      return packer.size;
    },
    get unreadableLines() {
      return unreadableLines;
    },
    get firstUnreadable() {
      return firstUnreadable;
    },
    get doubts() {
      return thread.notes.map(({ reason }) => reason);
    },
    get buffer() {
      return scanner.buffer;
    },
    grow: () => scanner.grow(),
    take(start, end, offset) {
      bufferOffset = offset;
      return scanner.take(start, end, handlers);
    },
    skips: (start, end) => scanner.isSilent(start, end),
    takeLast(line, offset) {
      bufferOffset = offset;
      const record = isSilentAt(line, 0, line.length) ? IRRELEVANT : parseSpokenLine(line.toString('utf8'));
      if (record.kind === 'unrecognised') return false;
      if (record.kind !== 'irrelevant') handlers.onRecord(record, 0);
      return true;
    },
    drain() {
      const packs = packer.take();
      // Without a header its responses need a place all the same. A header that comes later takes that place over.
      if (thread.id === undefined && packs[0] && !isTold) addThread({}, packs[0].firstMs);
      return { threads: threads.splice(0), packs, responses: [] };
    },
    save: () => thread.save(),
  };
}

function withThread(response: ModelResponse, path: string): ModelResponse {
  return response.threadId === '' ? { ...response, threadId: nameThread(path) } : response;
}

/** The thread that a session file is named after, or the file's name where it is no thread's. */
function nameThread(path: string): string {
  const name = basename(path);
  return parseSessionFileName(name)?.threadId ?? `file:${name}`;
}
