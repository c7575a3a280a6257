import { isatty } from 'node:tty';
import { UsageError } from '../errors.js';
import type { CodexCommand } from '../process/argv.js';
import { startedByShell } from '../process/processes.js';
import { EMIT_FORMS, type EmitForm } from '../usage/options.js';
import type { WrapperOptions } from './wrapper-options.js';

/*
 * What the options say about the end of a run: how long it waits for the record, and what is written then.
 */

/** No run is made longer than this by its record: one part in twenty-five, and 300 ms at most. */
const SHARE = 1 / 25;
const USUAL_MS = 300;
/** The meter of a shorter run has hardly begun at Codex's end: waiting for a part of it would be in vain. */
const HARDLY_BEGUN_MS = 500;
/** Where the caller reads a report or events, or Codex's end may have been a budget's. */
const ANSWER_MS = 5000;
/** The first process of a container takes all others with it. */
const CONTAINER_MS = 5000;

/** What of the meter's work is part of what the caller gets: nothing, a line for a person, or an answer for a program. */
export type Awaits = 'nothing' | 'line' | 'answer';

export type RunEnd = ReturnType<typeof planEnd>;

/** Throws a UsageError where an option, or its variable, says what is not known. */
export function planEnd(options: WrapperOptions, command: CodexCommand, env: NodeJS.ProcessEnv) {
  return {
    wait: planWait(options),
    emit: readEmitForm(options, command),
    isSummarised: planSummary(options, command, env),
  };
}

/**
 * How long the end of a run may wait for its record to be complete, by how long Codex ran. Whoever reads the record later
 * waits for what is still missing, so the usual run is made longer by a twenty-fifth at most. `--meter-wait` says something else.
 */
function planWait(options: WrapperOptions): (ranMs: number, awaits: Awaits) => number {
  const given = options.get('wait');
  if (given && !/^\d{1,9}$/.test(given.value)) {
    throw new UsageError(`${given.place}: "${given.value}" is not a time: use milliseconds, such as 2000.`);
  }
  return (ranMs, awaits) => {
    if (given) return Number(given.value);
    if (awaits === 'answer') return ANSWER_MS;
    if (process.pid === 1) return CONTAINER_MS;
    if (awaits === 'line') return Math.min(ranMs, USUAL_MS);
    return ranMs < HARDLY_BEGUN_MS ? 0 : Math.min(ranMs * SHARE, USUAL_MS);
  };
}

/**
 * In which form the usage is to be written to stdout at the end; undefined where it is not. Only where Codex writes JSON
 * there: everywhere else its stdout is the answer.
 */
function readEmitForm(options: WrapperOptions, command: CodexCommand): EmitForm | undefined {
  const given = options.get('emit');
  if (!given || given.value === 'none') return undefined;
  const form = EMIT_FORMS.find((one) => one === given.value);
  if (!form) {
    throw new UsageError(`${given.place}: "${given.value}" is not known: use ${EMIT_FORMS.join(', ')} or none.`);
  }
  return command.output === 'json' ? form : undefined;
}

/**
 * Decides whether a run ends with a line on stderr about its usage and cost: when a person can be assumed to read it.
 * `--meter-summary` overrides that, and `--meter-quiet` means never.
 */
function planSummary(
  options: WrapperOptions,
  { output, threads }: CodexCommand,
  env: NodeJS.ProcessEnv,
): () => boolean {
  const given = options.get('summary');
  if (given && !['auto', 'always', 'never'].includes(given.value)) {
    throw new UsageError(`${given.place}: "${given.value}" is not known: use auto, always or never.`);
  }
  if (options.isOn('quiet') || given?.value === 'never') return () => false;
  if (given?.value === 'always') return () => true;
  // Codex writes JSON for a program, which reads all that comes from a terminal as one stream.
  const isForProgram = output === 'json' || threads === 'clients' || isSetForPrograms(env);
  return () => isatty(2) && !isForProgram && startedByShell();
}

function isSetForPrograms({ CI, TERM }: NodeJS.ProcessEnv): boolean {
  return TERM === 'dumb' || !['', '0', 'false'].includes(CI?.toLowerCase() ?? '');
}
