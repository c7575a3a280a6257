import * as z from 'zod/mini';

const indexLine = z.object({ id: z.string(), updated_at: z.string() });

/** When a thread was given a name, in epoch milliseconds. */
export interface NamedThread {
  readonly threadId: string;
  readonly atMs: number;
}

/** Parses a line of Codex's `session_index.jsonl` (0.169, 0.171). Undefined for any other line. The name is left out. */
export function parseSessionIndexLine(line: string): NamedThread | undefined {
  try {
    const { data } = indexLine.safeParse(JSON.parse(line));
    return data && { threadId: data.id, atMs: Date.parse(data.updated_at) };
  } catch {
    return undefined;
  }
}
