/**
 * What the scripted API answers. A scenario is found by its `prompt`: the text that stands in the newest
 * user message of a request. Its replies are then given in order, one per request of the same turn.
 */

/** Token counts exactly as the Responses API reports them. Cached and cache-write are within input, reasoning is within output. */
export interface ReportedUsage {
  input: number;
  cached?: number;
  cacheWrite?: number;
  output: number;
  reasoning?: number;
}

/** A tool call the reply asks Codex to run. */
export type ToolCall =
  | { tool: 'exec_command'; cmd: string; yieldMs?: number }
  | { tool: string; namespace?: string; arguments: Record<string, unknown> };

/** An item of a request's `input`, as Codex sent it. */
export interface InputItem {
  readonly type?: string;
  readonly role?: string;
  readonly call_id?: string;
  readonly output?: unknown;
  readonly content?: readonly { readonly text?: string }[];
}

export interface Reply {
  /** `null`: the response completes but carries no usage, as some providers do. */
  usage?: ReportedUsage | null;
  reasoning?: string;
  /**
   * A function sees the request's input items, because what a tool answered can be part of the next call, and the names
   * of the tools that it offers, because they differ from one Codex to the next.
   */
  calls?: ToolCall[] | ((input: readonly InputItem[], tools: readonly string[]) => ToolCall[]);
  message?: string;
  /** Answers a request for remote compaction with this (encrypted) summary. */
  compaction?: string;
  /** Answer with this HTTP status and no response at all. */
  status?: number;
  /** End the response with `response.failed` and this error code. */
  fail?: { code: string; message: string };
  /** Close the connection before `response.completed`; Codex then retries. */
  cut?: boolean;
  /** Send the items, then keep the connection open without completing until the client goes away. */
  hang?: boolean;
  /** Wait this long before answering. */
  delayMs?: number;
  /** Hold the answer until this resolves, so that a test decides when the response ends. */
  until?: Promise<unknown>;
  serviceTier?: string;
  /** Headers of the answer, such as those with the state of rate limits. */
  headers?: Readonly<Record<string, string>>;
  /** The model the API says it used, when it is another than the one asked for. */
  model?: string;
}

export interface Scenario {
  prompt: string | RegExp;
  /** Only for requests of a thread of this kind: a child that was given its parent's history sees its prompt too. */
  thread?: 'root' | 'child';
  replies: Reply[];
  /** Answers a request to compact the context of this prompt; there is a summary by default. */
  compaction?: Reply;
}

type Usage = ReportedUsage | null;

/** The replies to `prompt`, one for each request of the turn. */
export function turn(prompt: Scenario['prompt'], ...replies: Reply[]): Scenario {
  return { prompt, replies };
}

/** A reply in which the model has Codex run one command, or several at once. */
export function shell(cmd: string | readonly string[], usage?: Usage, more: Partial<Reply> = {}): Reply {
  const calls = [cmd].flat().map((one) => ({ tool: 'exec_command' as const, cmd: one }));
  return { calls, ...(usage !== undefined && { usage }), ...more };
}

/** A reply that ends the turn with `message`. */
export function answer(message: string, usage?: Usage, more: Partial<Reply> = {}): Reply {
  return { message, ...(usage !== undefined && { usage }), ...more };
}

/** A reply that begins and never ends. */
export const UNFINISHED: Reply = { message: 'And so on', hang: true };

/** A reply with which the turn fails. */
export const FAILURE: Reply = { fail: { code: 'invalid_prompt', message: 'no' } };
