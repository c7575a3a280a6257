import type { AppServer, AppServerOptions } from '../clients/app-server.js';
import type { Ended, Running, RunOptions, Workbench } from '../harness/workbench.js';
import type { ReceivedRequest } from '../scripted-api/ledger.js';

/** What a way may do: run Codex, metered, and check the result. */
export interface Stage {
  readonly bench: Workbench;
  /** The release that the way is played on, and its `codex`. */
  readonly version: string;
  readonly codex: string;
  /** The `codex` of another release, which is installed where it is not yet. */
  install(version: string): Promise<string>;
  run(args: readonly string[], options?: RunOptions): Promise<Ended>;
  start(args: readonly string[], options?: RunOptions): Running;
  serve(options?: AppServerOptions): Promise<AppServer>;
}

/** A metered process, and what the API reported of it: its record is compared with that. */
export type Played = Pick<Ended, 'pid' | 'ledger' | 'exitCode'>;

/** One way to run Codex. */
export interface Way {
  readonly name: string;
  /** The folder in which its session files are kept as a fixture. */
  readonly fixture?: string;
  /** Whether the requests show that this Codex did it; by its exit code alone when absent. */
  showsIn?(requests: readonly ReceivedRequest[]): boolean;
  /** Whether the service tier of each response is compared with the one that its request asked for. */
  readonly judgesTier?: boolean;
  /**
   * Two processes wrote one session file, and nothing says to which of them a response is to be assigned, so their records are
   * judged as one. What the file does not distinguish may be recorded as `parsed`, but never as `actual`.
   */
  readonly sharesAFile?: boolean;
  /** An older Codex began its thread: the names in its file are not only those of the release under test. */
  readonly hasOlderLines?: boolean;
  /** Codex has deleted rows of the session file: an import of the file alone may hold less than was billed, never more. */
  readonly losesRows?: boolean;
  /** It needs facts that only Linux provides. Elsewhere the user has to give them, and the record may be doubtful. */
  readonly asksProc?: boolean;
  /** The release that brought it, as `minorOf` gives it. */
  readonly since?: number;
  /** Plays it; returns what is to be judged, or undefined where this Codex has no such way. */
  play(stage: Stage): Promise<Played | readonly Played[] | undefined>;
}

/** `0.153.4` is 153. */
export function minorOf(version: string): number {
  return Number(version.split('.')[1]);
}

/** What the API reported to the run that was given `prompt`, of several that ran side by side. */
export function askedBy({ api }: Workbench, prompt: string): Ended['ledger'] {
  return api.ledger.filter(({ request }) => JSON.stringify(api.requests[request]?.body).includes(prompt));
}

/** Ends a server that was metered. What the API reported from the entry `since` on is judged. */
export async function endPlay({ bench }: Pick<Stage, 'bench'>, server: AppServer, since = 0): Promise<Played> {
  return { pid: server.pid, exitCode: await server.close(), ledger: bench.api.ledger.slice(since) };
}
