import { setFlagsFromString } from 'node:v8';
import { messageOf } from '../errors.js';
import { type MessageLink, openInheritedLink } from '../io/message-link.js';
import type { CodexEnd, RunFacts, ToFront, ToMeter } from '../meter/messages.js';
import { CHECK, EVENTS_FD, LINK_FD, TELEMETRY_FD } from '../meter/messages.js';
import type { End } from '../meter/meter.js';
import { monotonicMs } from '../node/clock.js';
import { sharePauses } from '../process/pauses.js';
import { identifyProcess, type ProcessIdentity, signalProcess } from '../process/processes.js';
import type { createMetering, Metering } from './metering.js';

/** However long recording takes: from Codex's end on, this process lives no longer. */
const LIFE_AFTER_CODEX_MS = 30_000;
const UNHURRIED_MS = 10_000;
/** How long a Codex that was killed may take to be gone. */
const DEATH_MS = 5000;

/** One run in this process, from the front's first message to the end. */
class Meter {
  readonly #createMetering: typeof createMetering;
  readonly #link: MessageLink<ToFront>;
  #metering: Metering | undefined;
  #frontPid = 0;
  #codex: ProcessIdentity | undefined;
  #endSharing: () => void = () => undefined;
  #state: 'waiting' | 'at work' | 'ending' = 'waiting';
  /** Messages of the front are handled in order, one after the other. */
  #work: Promise<unknown> = Promise.resolve();

  constructor(create: typeof createMetering) {
    this.#createMetering = create;
    this.#link = openInheritedLink<ToFront, ToMeter>(LINK_FD, (message) => this.#take(message));
    this.#link.send({ kind: 'ready' });
    void this.#link.closed.then(() => this.#onFrontGone());
  }

  #take(message: ToMeter): void {
    if (message.kind === 'facts') this.#frontPid = message.facts.frontPid;
    // At once: the front may be stopped or killed while everything else is being made ready.
    if (message.kind === 'begun') this.#guard(message.codexPid);
    if (message.kind === 'ended') this.#end();
    this.#work = this.#work.then(() => this.#handle(message));
  }

  #handle(message: ToMeter): unknown {
    switch (message.kind) {
      case 'facts':
        return this.#prepare(message.facts);
      case 'ask':
        return this.#metering?.ask().then((refusal) => this.#link.send({ kind: 'answer', refusal }));
      case 'begun':
        return this.#metering?.begin(message.codexPid);
      case 'line':
        return this.#metering?.observe(message.line);
      case 'ended':
        return this.#finish(toEnd(message.end), message.end.lostLines);
    }
  }

  #prepare(facts: RunFacts): void {
    const voice = {
      say: (text: string) => void this.#link.send({ kind: 'say', text }),
      stop: () => void this.#link.send({ kind: 'stop' }),
    };
    const events = facts.hasEvents ? EVENTS_FD : undefined;
    this.#metering = this.#createMetering(facts, voice, { events, telemetry: TELEMETRY_FD });
  }

  #guard(codexPid: number): void {
    this.#state = 'at work';
    this.#codex = identifyProcess(codexPid);
    this.#endSharing = sharePauses(this.#frontPid, this.#codex);
  }

  /** Codex has ended, or the front has: what is left to do has a bound. */
  #end(): void {
    this.#state = 'ending';
    this.#endSharing();
    setTimeout(() => process.exit(), LIFE_AFTER_CODEX_MS).unref();
  }

  /** The front was killed by SIGKILL, or it does not start Codex because of the answer. */
  async #onFrontGone(): Promise<void> {
    if (this.#state === 'ending') return;
    this.#end();
    const codex = this.#codex;
    if (!codex) return this.#leave();
    // As the kernel would have ended it, had it been started alone.
    signalProcess(codex, 'SIGKILL');
    await untilGone(codex);
    const end = { status: 'interrupted', exitCode: undefined, signal: 'SIGKILL', endedAtMs: Date.now() } as const;
    this.#work = this.#work.then(() => this.#finish(end, 0));
  }

  async #finish(end: End, lostLines: number): Promise<void> {
    const settled = await this.#metering?.finish(end, lostLines);
    if (settled) this.#link.send({ kind: 'settled', settled });
    await this.#leave();
  }

  async #leave(): Promise<void> {
    await this.#metering?.close();
    process.exit();
  }
}

function toEnd({ exit, interruptedBy, atMs }: CodexEnd): End {
  const wasInterrupted = exit.signal !== undefined || interruptedBy !== undefined;
  const status = exit.code === 0 ? 'completed' : wasInterrupted ? 'interrupted' : 'failed';
  return { status, exitCode: exit.code, signal: exit.signal ?? interruptedBy, endedAtMs: atMs };
}

async function untilGone(codex: ProcessIdentity): Promise<void> {
  const deadline = monotonicMs() + DEATH_MS;
  while (signalProcess(codex, 0) && monotonicMs() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/**
 * Most runs are over before V8's optimised code would be ready, and compiling it takes 4 MB: it is switched off. As an option of
 * Node's this would keep Node from using the compiled code that it brings for its own modules.
 */
setFlagsFromString('--no-opt');
setTimeout(() => setFlagsFromString('--opt'), UNHURRIED_MS).unref();
// What is sent to all processes of a container or a service does not end the meter: it ends by itself, soon after Codex.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) process.on(signal, () => undefined);
process.on('uncaughtException', fail);
void (process.argv[2] === CHECK ? check() : start()).catch(fail);

/** Something is missing, or our own code is wrong. The front and Codex go on, and the next command settles the run. */
async function fail(error: unknown): Promise<void> {
  try {
    const { logFault } = await import('./fault-log.js');
    logFault('A run was not metered to its end', messageOf(error), undefined);
  } finally {
    process.exit(1);
  }
}

/** Whether a meter can be started, for whoever asks; the reason why not is on stderr. */
async function check(): Promise<void> {
  try {
    const { checkMetering } = await import('./metering.js');
    checkMetering();
  } catch (error) {
    process.stderr.write(`${messageOf(error)}\n`);
    process.exitCode = 1;
  }
}

async function start(): Promise<void> {
  const { createMetering } = await import('./metering.js');
  new Meter(createMetering);
}
