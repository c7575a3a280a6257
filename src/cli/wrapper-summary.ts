import { isatty } from 'node:tty';
import { UsageError } from '../errors.js';
import type { CodexCommand } from '../process/argv.js';
import { startedByShell } from '../process/processes.js';
import type { WrapperOptions } from './wrapper-options.js';

/**
 * Decides whether a run ends with a line on stderr about its usage and cost: when a person can be assumed to read it.
 * `--meter-summary` and its variable override that, `--meter-quiet` means never. Throws a UsageError.
 */
export function planSummary(options: WrapperOptions, env: NodeJS.ProcessEnv): (command: CodexCommand) => boolean {
  const given = options.get('summary');
  if (given && !['auto', 'always', 'never'].includes(given.value)) {
    throw new UsageError(`${given.place}: "${given.value}" is not known: use auto, always or never.`);
  }
  if (options.isOn('quiet') || given?.value === 'never') return () => false;
  if (given?.value === 'always') return () => true;
  return (command) => isatty(2) && !speaksToProgram(command) && !isSetForPrograms(env) && startedByShell();
}

/** Codex writes JSON for a program, which reads all that comes from a terminal as one stream. */
function speaksToProgram({ output, threads }: CodexCommand): boolean {
  return output === 'json' || threads === 'own';
}

function isSetForPrograms({ CI, TERM }: NodeJS.ProcessEnv): boolean {
  return TERM === 'dumb' || !['', '0', 'false'].includes(CI?.toLowerCase() ?? '');
}
