import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../errors.js';
import { type MessageLink, openMessageLink } from '../io/message-link.js';
import {
  AFRESH,
  type CodexEnd,
  LINK_FD,
  type RunFacts,
  type Settled,
  type ToFront,
  type ToMeter,
} from '../meter/messages.js';
import type { OutputLine } from '../meter/output-sieve.js';

/** Bundled as a file of its own, beside the one that this is in. */
const METER = fileURLToPath(new URL('./meter.cjs', import.meta.url));
/** How many messages the front keeps for a meter that is not ready yet, in case the meter has to be started a second time. */
const MOST_EARLY = 1000;

/**
 * While Codex starts it needs the processor itself: a meter that started beside it made a run of half a second a third
 * longer on a machine of two cores. So a shell that has the meter's descriptors sleeps for as long as Codex starts, and then
 * becomes the meter, whatever has become of the front meanwhile. WAKE ends its sleep: by default a process ignores that
 * signal, so it does no harm to a shell that is not ready for it, nor to the meter.
 */
const LATER = `trap : WINCH; sleep "$1" ${LINK_FD}>&- &
wait $! || { kill $!; wait $!; }
shift; exec "$@"`;
const WAKE = 'SIGWINCH';
const CODEX_STARTS_S = '0.25';
const SHELL = '/bin/sh';

export interface MeterOptions {
  readonly facts: RunFacts;
  /** Where a runner receives events of the invocation as it happens. */
  readonly eventsFd: number | undefined;
  /** Where Codex's telemetry arrives. */
  readonly telemetryFd: number | undefined;
  /** `at once`, or `later`: once Codex has started. */
  readonly starts: 'at once' | 'later';
  readonly onSay: (line: string) => void;
  /** A budget is spent: Codex is to be ended. */
  readonly onStop: () => void;
  /** It has ended although Codex works, or could not be started at all. */
  readonly onGone: () => void;
}

/**
 * The meter of one run, as the front sees it: a process in a session of its own, so that what is sent to our process group, or typed,
 * leaves it alone. No method throws, and none waits longer than its limit.
 */
export class MeterProcess {
  readonly #options: MeterOptions;
  #link: MessageLink<ToMeter> | undefined;
  #process: ChildProcess | undefined;
  #state: 'starting' | 'ready' | 'gone' = 'starting';
  #trouble: string | undefined;
  /** The messages that were sent before the meter was ready: a second one needs them again. */
  #early: ToMeter[];
  #lostLines = 0;
  #codexEnded = false;
  #hasSettled = false;
  readonly #answer = defer<string | undefined>();
  readonly #settled = defer<Settled | undefined>();

  constructor(options: MeterOptions) {
    this.#options = options;
    this.#early = [{ kind: 'facts', facts: options.facts }];
    this.#launch('at first');
  }

  begin(codexPid: number): void {
    this.#send({ kind: 'begun', codexPid });
  }

  observe(line: OutputLine): void {
    if (!this.#send({ kind: 'line', line })) this.#lostLines++;
  }

  /** Asks whether Codex may be started. Returns why not; undefined where it may be, or where no answer comes in time. */
  ask(limitMs: number): Promise<string | undefined> {
    this.#link?.send({ kind: 'ask' }, 'important');
    return within(limitMs, this.#answer.promise);
  }

  /** Says how Codex has ended, and waits for the record; undefined where no answer comes in time. */
  async end(end: Omit<CodexEnd, 'lostLines'>, limitMs: number): Promise<Settled | undefined> {
    this.#codexEnded = true;
    // A lack of memory or of descriptors, which kept the meter from starting, may be over now that Codex has ended.
    if (this.#state === 'gone' && this.#early.length > 0) this.#launch('again');
    if (this.#state === 'gone') return undefined;
    this.#send({ kind: 'ended', end: { ...end, lostLines: this.#lostLines } });
    if (this.#state === 'starting') this.#process?.kill(WAKE);
    return within(limitMs, this.#settled.promise);
  }

  /** Why there is no meter; undefined while there is one, or where it has done its work. */
  trouble(): string | undefined {
    return this.#trouble;
  }

  #send(message: ToMeter): boolean {
    if (this.#state !== 'ready' && this.#early.length < MOST_EARLY) this.#early.push(message);
    return this.#link?.send(message, message.kind === 'line' ? 'usual' : 'important') ?? false;
  }

  #launch(time: 'at first' | 'again'): void {
    this.#state = 'starting';
    this.#trouble = undefined;
    try {
      const meter = spawnMeter(this.#options, time);
      meter.once('error', (error) => this.#onGone(`it could not be started: ${messageOf(error)}`));
      meter.once('exit', (code, signal) => this.#onGone(`it ended early (${signal ?? code})`));
      if (meter.pid === undefined) return;
      this.#process = meter;
      const socket = meter.stdio[LINK_FD] as Socket;
      // Codex is what this process waits for: should that not start, nothing keeps it.
      socket.unref();
      this.#link = openMessageLink<ToMeter, ToFront>(socket, (message) => this.#receive(message));
      for (const message of this.#early) this.#link.send(message, 'important');
    } catch (error) {
      this.#onGone(`it could not be started: ${messageOf(error)}`);
    }
  }

  #receive(message: ToFront): void {
    switch (message.kind) {
      case 'ready':
        this.#state = 'ready';
        this.#early = [];
        break;
      case 'answer':
        this.#answer.resolve(message.refusal);
        break;
      case 'say':
        this.#options.onSay(message.text);
        break;
      case 'stop':
        this.#options.onStop();
        break;
      case 'settled':
        this.#hasSettled = true;
        this.#settled.resolve(message.settled);
    }
  }

  #onGone(reason: string): void {
    if (this.#state === 'gone') return;
    this.#state = 'gone';
    this.#link = undefined;
    if (!this.#hasSettled) this.#trouble = reason;
    this.#answer.resolve(undefined);
    if (this.#codexEnded) this.#settled.resolve(undefined);
    else this.#options.onGone();
  }
}

function spawnMeter({ eventsFd, telemetryFd, starts }: MeterOptions, time: 'at first' | 'again'): ChildProcess {
  // Where a user has it set, Node reads all certificates of the system before it starts. The meter talks to nobody.
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: undefined };
  // In the order of meter-descriptors.ts.
  const handedDown = ['pipe' as const, eventsFd ?? 'ignore', (time === 'at first' && telemetryFd) || 'ignore'] as const;
  const command = [process.execPath, METER, ...(time === 'again' ? [AFRESH] : [])];
  const isLater = time === 'at first' && starts === 'later' && existsSync(SHELL);
  const [file = '', ...args] = isLater ? [SHELL, '-c', LATER, 'sh', CODEX_STARTS_S, ...command] : command;
  const meter = spawn(file, args, {
    detached: true,
    env,
    stdio: ['ignore', 'ignore', 'ignore', ...handedDown],
  });
  meter.unref();
  return meter;
}

function defer<T>(): { promise: Promise<T>; resolve: (value: T) => void } {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve };
}

function within<T>(limitMs: number, promise: Promise<T | undefined>): Promise<T | undefined> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, limitMs, undefined);
    void promise.then((value) => {
      clearTimeout(timer);
      resolve(value);
    });
  });
}
