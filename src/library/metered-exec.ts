import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { TokensJson } from '../usage/counters.js';
import type { Phase } from '../usage/phase.js';
import type { Source } from '../usage/source.js';
import { fromTokensJson, NO_USAGE, type Usage } from '../usage/usage.js';
import { findProgram } from './programs.js';

export interface MeteredExecOptions {
  /** `builder`, `reviewer`, … Default: what the command shows. */
  readonly category?: Phase | undefined;
  /** Default: the git work tree of `cwd`. */
  readonly project?: string | undefined;
  /** Default: the folder of `--output-last-message`, or else the day. */
  readonly runId?: string | undefined;
  readonly iteration?: number | undefined;
  /** The database to record in. Default: CODEX_METERED_DB, or else the platform's folder for data. */
  readonly database?: string | undefined;
  /** The real Codex. Default: `codex` on PATH. */
  readonly codex?: string | undefined;
  readonly cwd?: string | undefined;
  /** Default: that of this process. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** What Codex reads on stdin. Default: nothing. */
  readonly input?: string | Uint8Array | undefined;
  /** What becomes of stdout and stderr: this process's own (the default), or a pipe that the caller reads. */
  readonly output?: 'inherit' | 'pipe' | 'ignore' | undefined;
  /** Sends SIGTERM when it is aborted. */
  readonly signal?: AbortSignal | undefined;
}

/** A Codex that runs. To be awaited for its result. */
export interface MeteredExec extends Promise<MeteredResult> {
  readonly pid: number | undefined;
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  /** Each response as it becomes known; ends with Codex. */
  readonly responses: AsyncIterable<MeteredResponse>;
  kill(signal?: NodeJS.Signals): void;
}

/**
 * Runs Codex with `args` as `codex-metered` does, and reports what it used: each response while it runs, and all of it in the
 * result. However Codex ends is a result; it rejects only when no process can be started.
 */
export function meteredExec(args: readonly string[], options: MeteredExecOptions = {}): MeteredExec {
  const { cwd, env, input, output = 'inherit', signal } = options;
  const stdio: StdioOptions = [input === undefined ? 'ignore' : 'pipe', output, output, 'pipe'];
  const child = spawn(process.execPath, [findProgram('codex-metered'), ...meterArgs(options), ...args], {
    cwd,
    env,
    stdio,
  });
  const responses = createFeed<MeteredResponse>();
  const result = followEvents(child, responses.push).finally(responses.end);
  const kill = (name: NodeJS.Signals = 'SIGTERM') => void child.kill(name);
  const abort = () => kill();
  if (signal?.aborted) abort();
  signal?.addEventListener('abort', abort, { once: true });
  const ended = result.finally(() => signal?.removeEventListener('abort', abort));
  // Codex may not read it.
  child.stdin?.on('error', () => undefined);
  (child.stdin as Writable | null)?.end(input);
  const { pid, stdout, stderr } = child;
  return Object.assign(ended, { pid, stdout, stderr, kill, responses: responses.all });
}

function meterArgs({ project, runId, category, iteration, database, codex }: MeteredExecOptions): string[] {
  const given = { project, 'run-id': runId, phase: category, iteration, db: database, codex, events: 'fd:3' };
  const options = Object.entries(given).filter(([, value]) => value !== undefined);
  return ['--meter-quiet', ...options.map(([name, value]) => `--meter-${name}=${value}`)];
}

async function followEvents(child: ChildProcess, push: (response: MeteredResponse) => void): Promise<MeteredResult> {
  let last: MeteringEvent | undefined;
  const events = child.stdio[3] as Readable;
  events.on('error', () => undefined);
  const lines = createInterface({ input: events });
  lines.on('line', (line) => {
    const event = parseMeteringEvent(line);
    if (event?.response) push(event.response);
    if (event) last = event;
  });
  const drained = once(lines, 'close');
  const [exitCode, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  // A process that Codex left behind may hold the other end: what our own has written is here by then.
  await Promise.race([drained, new Promise((resolve) => setTimeout(resolve, LEFT_OPEN_MS).unref())]);
  events.destroy();
  return { exitCode, signal, ...summarise(last) };
}

const LEFT_OPEN_MS = 1000;

function summarise(last: MeteringEvent | undefined): Omit<MeteredResult, 'exitCode' | 'signal'> {
  const { id, response, report } = last ?? {};
  if (report) return { id, ...report };
  // The meter was killed before it could report: what is known are the sums at the last response.
  const sums = response?.total ?? { usage: NO_USAGE, costUsd: undefined };
  return { id, threadId: response?.threadId, source: response?.source, ...sums, records: [] };
}

/** Items that are pushed, to be read in a loop: by one reader, at its own pace. */
function createFeed<T>() {
  const items: T[] = [];
  let ended = false;
  let wake: () => void = () => undefined;
  return {
    push(item: T): void {
      items.push(item);
      wake();
    },
    end(): void {
      ended = true;
      wake();
    },
    all: {
      async *[Symbol.asyncIterator](): AsyncGenerator<T> {
        for (;;) {
          yield* items.splice(0);
          if (items.length > 0) continue;
          if (ended) return;
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      },
    },
  };
}

/** One model response, as it becomes known. One that is known better later comes again, with the same `responseKey`. */
export interface MeteredResponse {
  readonly threadId: string;
  readonly responseKey: string;
  readonly model: string;
  readonly source: Source;
  readonly usage: Usage;
  /** Undefined when the model has no known price. */
  readonly costUsd: number | undefined;
  /** What the invocation has come to with it. */
  readonly total: { readonly usage: Usage; readonly costUsd: number | undefined };
}

/** What an invocation used of one model, by what the counts are worth: a row of `cost_records`. */
export interface MeteredRecord {
  readonly model: string;
  readonly source: Source;
  readonly responses: number;
  readonly usage: Usage;
  readonly costUsd: number | undefined;
}

export interface MeteredResult {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The `invocations.id` of the database; undefined when Codex was not started. */
  readonly id: string | undefined;
  readonly threadId: string | undefined;
  readonly usage: Usage;
  /** The sum over the responses that have a price; undefined when none has. */
  readonly costUsd: number | undefined;
  /** `mixed`: the counts are of several sources; undefined: there are none. */
  readonly source: Source | 'mixed' | undefined;
  readonly records: readonly MeteredRecord[];
}

/** One line of `--meter-events`, as far as the library passes it on. */
interface MeteringEvent {
  readonly id: string | undefined;
  readonly response?: MeteredResponse;
  /** Of the last line alone. */
  readonly report?: Omit<MeteredResult, 'exitCode' | 'signal' | 'id'>;
}

/** The fields that docs/json.md gives an amount, a response, and the end of an invocation. */
type Amounts = TokensJson & { readonly costUsd: number | null };
type ResponseJson = Amounts &
  Pick<MeteredResponse, 'threadId' | 'responseKey' | 'model' | 'source'> & { readonly totals: Amounts };
type ModelJson = Amounts & Pick<MeteredRecord, 'model' | 'source'> & { readonly responseCount: number };
interface EndJson extends Amounts {
  readonly threadId: string | null;
  readonly source: Source | 'mixed' | null;
  readonly models: readonly ModelJson[];
}

/** Parses one line that a `codex-metered` of this package wrote; undefined for what the library does not pass on. */
function parseMeteringEvent(line: string): MeteringEvent | undefined {
  try {
    const event = JSON.parse(line) as { readonly event: string; readonly invocationId: string | null };
    const id = event.invocationId ?? undefined;
    if (event.event === 'start') return { id };
    if (event.event === 'response') return { id, response: readResponse(event as never) };
    return event.event === 'end' ? { id, report: readReport(event as never) } : undefined;
  } catch {
    return undefined;
  }
}

function readResponse(json: ResponseJson): MeteredResponse {
  const { threadId, responseKey, model, source, totals } = json;
  return { threadId, responseKey, model, source, ...readAmounts(json), total: readAmounts(totals) };
}

function readReport(json: EndJson): NonNullable<MeteringEvent['report']> {
  const records = json.models.map((one): MeteredRecord => {
    return { model: one.model, source: one.source, responses: one.responseCount, ...readAmounts(one) };
  });
  return { threadId: json.threadId ?? undefined, source: json.source ?? undefined, ...readAmounts(json), records };
}

function readAmounts(json: Amounts): { usage: Usage; costUsd: number | undefined } {
  return { usage: fromTokensJson(json), costUsd: json.costUsd ?? undefined };
}
