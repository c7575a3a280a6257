import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { CodexNotFoundError, messageOf } from '../errors.js';
import type { Program } from './native.js';
import { type Observer, relay } from './relay.js';
import { startSignalProbe } from './signal-probe.js';
import { ENDING } from './signals.js';
import { stopCodex } from './stop.js';
import type { StreamPlan } from './streams.js';

/** How Codex ended: by its exit code or by a signal. */
export type Exit =
  | { readonly code: number; readonly signal?: undefined }
  | { readonly code?: undefined; readonly signal: NodeJS.Signals };

export interface CodexChild {
  readonly pid: number;
  /** Sends Codex a signal that this process received, unless Codex received it as well. */
  passOn(signal: NodeJS.Signals): Promise<void>;
  /** Ends Codex and all that it has started. Resolves when that is done. */
  stop(): Promise<void>;
  /** Resolves when Codex has ended. */
  readonly exited: Promise<Exit>;
  /** Resolves when Codex has ended and what it wrote has been passed on. */
  readonly ended: Promise<Exit>;
  /** Whether a reader that did not read Codex's output was given up. */
  gaveUpReader(): boolean;
}

export interface SpawnOptions {
  readonly program: Program;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly streams: StreamPlan;
  /** Is called with the bytes that pass on the streams that are piped. */
  readonly observe: Observer;
}

/** How long a stream may be without output after Codex's end before it counts as held open by a process that Codex left. */
const STRAGGLER_MS = 500;

/** Starts Codex with the caller's standard streams, arguments and environment. Throws a CodexNotFoundError. */
export async function spawnCodex({ program, args, env, streams, observe }: SpawnOptions): Promise<CodexChild> {
  const subprocess = start(program, args, env, streams);
  const { pid } = subprocess;
  if (pid === undefined) {
    const [error] = await once(subprocess, 'error');
    throw notStarted(error);
  }
  // After the start, this event means that a signal could not be sent.
  subprocess.on('error', () => undefined);
  const exited = new Promise<Exit>((resolve) => {
    subprocess.once('exit', (code, signal) => resolve(signal ? { signal } : { code: code ?? 1 }));
  });
  const relays = [
    subprocess.stdout && relay(subprocess.stdout, 1, observe),
    subprocess.stderr && relay(subprocess.stderr, 2, observe),
  ].filter((one) => one !== null);
  const probe = startSignalProbe();
  return {
    pid,
    async passOn(signal) {
      if (ENDING.includes(signal)) for (const one of relays) one.hurry();
      // SIGCONT does not end the probe, and may come twice without harm.
      if (signal === 'SIGCONT' || !(await probe.reachedGroup(signal))) subprocess.kill(signal);
    },
    stop() {
      for (const one of relays) one.hurry();
      return stopCodex({ pid, exited, kill: (signal) => void subprocess.kill(signal) });
    },
    exited,
    ended: exited.then(async (exit) => {
      for (const one of relays) {
        one.endWhenSilent(STRAGGLER_MS);
        if (exit.signal) one.hurry();
      }
      await Promise.all(relays.map(({ done }) => done));
      return exit;
    }),
    gaveUpReader: () => relays.some((one) => one.gaveUp()),
  };
}

// Not execa: it opens the standard streams when it is loaded, which makes shared pipes non-blocking (see replaceStandardStreams), and its SIGTERM
// becomes a SIGKILL five seconds later.
function start(program: Program, args: readonly string[], env: NodeJS.ProcessEnv, streams: StreamPlan): ChildProcess {
  try {
    return spawn(program.path, args, {
      stdio: ['inherit', streams.stdout, streams.stderr],
      env: { ...env, ...program.env },
    });
  } catch (error) {
    throw notStarted(error);
  }
}

function notStarted(error: unknown): CodexNotFoundError {
  return new CodexNotFoundError(`Codex could not be started: ${messageOf(error)}`);
}
