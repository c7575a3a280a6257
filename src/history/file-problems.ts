/** What reading a file has found. */
export interface Found {
  readonly unreadableLines: number;
  /** When its newest response was completed; 0 without one. */
  readonly newestMs: number;
}

export interface ReadFile extends Found {
  readonly sizeBytes: number;
  readonly threadId: string | undefined;
  /** What the file system threw. */
  readonly fault: string | undefined;
  readonly isCut: boolean;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** What is wrong with a file, in words and without its content; undefined when nothing is. */
export function describeProblems(file: ReadFile): string | undefined {
  const { sizeBytes, threadId, fault, isCut, unreadableLines, newestMs } = file;
  const problems: string[] = [];
  if (fault !== undefined) problems.push(fault);
  else if (sizeBytes === 0) problems.push('it is empty');
  else if (threadId === undefined) problems.push('it names no session');
  if (unreadableLines > 0) problems.push(`${unreadableLines} unreadable ${unreadableLines === 1 ? 'line' : 'lines'}`);
  if (isCut) problems.push('its last line is cut');
  if (newestMs > Date.now() + DAY_MS) problems.push(`a session from the future: ${toDay(newestMs)}`);
  return problems.length > 0 ? problems.join(', ') : undefined;
}

function toDay(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
