/** A line that could not be read: its number, counted from 1, and why. */
export interface UnreadableLine {
  readonly line: number | undefined;
  readonly reason: string | undefined;
}

/** The faults that were found in the lines of a file. */
export interface Found {
  readonly unreadableLines: number;
  /** The first line that could not be read, where it is known. */
  readonly unreadable?: UnreadableLine | undefined;
  /** When its newest response was completed; 0 without one. */
  readonly newestMs: number;
  /** Claude Code: the least number of responses whose usage is in no file. */
  readonly responsesWithoutUsage: number;
  /** The reasons to doubt a count, in words, each once. */
  readonly doubts: readonly string[];
}

export interface ReadFile extends Found {
  readonly sizeBytes: number;
  readonly threadId: string | undefined;
  /** The error of the file system, in words. */
  readonly fault: string | undefined;
  readonly isCut: boolean;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Describes the problems of a file in words, without its content. Returns undefined when there are none. */
export function describeProblems(file: ReadFile): string | undefined {
  const { sizeBytes, threadId, fault, isCut, unreadableLines, newestMs, responsesWithoutUsage } = file;
  const problems: string[] = [];
  if (fault !== undefined) problems.push(fault);
  else if (sizeBytes === 0) problems.push('it is empty');
  else if (threadId === undefined) problems.push('it names no session');
  if (unreadableLines > 0) problems.push(describeLines(unreadableLines, file.unreadable));
  if (responsesWithoutUsage > 0) {
    const responses = `${responsesWithoutUsage} ${responsesWithoutUsage === 1 ? 'response' : 'responses'}`;
    problems.push(`${responses} or more of compactions or prompt hooks whose tokens stand nowhere in it`);
  }
  problems.push(...file.doubts);
  if (isCut) problems.push('its last line is cut');
  if (newestMs > Date.now() + DAY_MS) problems.push(`a session from the future: ${toDay(newestMs)}`);
  return problems.length > 0 ? problems.join(', ') : undefined;
}

function describeLines(
  count: number,
  { line, reason }: UnreadableLine = { line: undefined, reason: undefined },
): string {
  const lines = `${count} unreadable ${count === 1 ? 'line' : 'lines'}`;
  const first = [...(line === undefined ? [] : [`line ${line}`]), ...(reason === undefined ? [] : [reason])].join(': ');
  if (first === '') return lines;
  return `${lines} (${count === 1 ? first : `the first: ${first}`})`;
}

function toDay(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
