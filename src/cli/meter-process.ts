import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { messageOf } from '../errors.js';
import { type MessageLink, openMessageLink } from '../io/message-link.js';
import type { CodexEnd, RunFacts, Settled, ToFront, ToMeter } from '../meter/messages.js';
import { AFRESH, LINK_FD } from '../meter/messages.js';
import type { OutputLine } from '../meter/output-sieve.js';

/** Bundled as a file of its own, beside the one that this is in. */
const METER = fileURLToPath(new URL('./meter.cjs', import.meta.url));
/** So many messages are kept for a meter that is not ready yet, in case it has to be started a second time. */
const KEPT_LINES = 1000;

/**
 * While Codex starts it needs the processor itself: a meter that started beside it made a run of half a second a third
 * longer on a machine of two cores. So a shell that has the meter's descriptors sleeps for as long as Codex starts, and then
 * becomes the meter, whatever has become of the front meanwhile. WAKE ends its sleep: by default a process ignores that
 * signal, so it does no harm to a shell that is not ready for it, nor to the meter.
 */
const LATER = [`trap : WINCH; sleep "$1" ${LINK_FD}>&- &`, 'wait $! || { kill $!; wait $!; }', 'shift; exec "$@"'].join(
  '\n',
);
const WAKE = 'SIGWINCH';
const CODEX_STARTS_S = '0.25';
const SHELL = '/bin/sh';

export interface MeterOptions {
  readonly facts: RunFacts;
  /** Where a runner is told of the invocation as it happens. */
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

/** The meter, as the front sees it. No method throws, and none waits longer than it is told to. */
export interface MeterProcess {
  begin(codexPid: number): void;
  observe(line: OutputLine): void;
  /** Asks whether Codex may be started. Returns why not; undefined where it may be, or where no answer comes in time. */
  ask(limitMs: number): Promise<string | undefined>;
  /** Says how Codex has ended, and waits for what that came to; undefined where no answer comes in time. */
  end(end: Omit<CodexEnd, 'lostLines'>, limitMs: number): Promise<Settled | undefined>;
  /** Why there is none; undefined while there is one, or where it has done its work. */
  trouble(): string | undefined;
}

/** Starts a meter for one run, in a session of its own: what is sent to our process group, or typed, leaves it alone. */
export function startMeter(options: MeterOptions): MeterProcess {
  return new StartedMeter(options);
}

class StartedMeter implements MeterProcess {
  readonly #options: MeterOptions;
  #link: MessageLink<ToMeter> | undefined;
  #process: ChildProcess | undefined;
  #state: 'starting' | 'ready' | 'gone' = 'starting';
  #trouble: string | undefined;
  /** The messages that were sent before the meter was ready: a second one would have to be told them again. */
  #said: ToMeter[];
  #lostLines = 0;
  #codexEnded = false;
  #hasSettled = false;
  readonly #answer = defer<string | undefined>();
  readonly #settled = defer<Settled | undefined>();

  constructor(options: MeterOptions) {
    this.#options = options;
    this.#said = [{ kind: 'facts', facts: options.facts }];
    this.#launch('at first');
  }

  begin(codexPid: number): void {
    this.#say({ kind: 'begun', codexPid });
  }

  observe(line: OutputLine): void {
    if (!this.#say({ kind: 'line', line })) this.#lostLines++;
  }

  ask(limitMs: number): Promise<string | undefined> {
    this.#link?.send({ kind: 'ask' }, 'important');
    return within(limitMs, this.#answer.promise);
  }

  async end(end: Omit<CodexEnd, 'lostLines'>, limitMs: number): Promise<Settled | undefined> {
    this.#codexEnded = true;
    // A lack of memory or of descriptors, which kept the meter from starting, may be over now that Codex has ended.
    if (this.#state === 'gone' && this.#said.length > 0) this.#launch('again');
    if (this.#state === 'gone') return undefined;
    this.#say({ kind: 'ended', end: { ...end, lostLines: this.#lostLines } });
    if (this.#state === 'starting') this.#process?.kill(WAKE);
    return within(limitMs, this.#settled.promise);
  }

  trouble(): string | undefined {
    return this.#trouble;
  }

  #say(message: ToMeter): boolean {
    if (this.#state !== 'ready' && this.#said.length < KEPT_LINES) this.#said.push(message);
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
      this.#link = openMessageLink<ToMeter, ToFront>(socket, (message) => this.#take(message));
      for (const message of this.#said) this.#link.send(message, 'important');
    } catch (error) {
      this.#onGone(`it could not be started: ${messageOf(error)}`);
    }
  }

  #take(message: ToFront): void {
    switch (message.kind) {
      case 'ready':
        this.#state = 'ready';
        this.#said = [];
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

interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
}

function defer<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => undefined;
  const promise = new Promise<T>((done) => {
    resolve = done;
  });
  return { promise, resolve: (value) => resolve(value) };
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
