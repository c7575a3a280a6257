import { UsageError } from '../errors.js';
import type { Settled } from '../meter/messages.js';
import type { CodexCommand } from '../process/argv.js';
import { EMIT_FORMS, type EmitForm } from '../usage/options.js';
import type { WrapperOptions } from './wrapper-options.js';
import { writeLine } from './write-line.js';

/** How long the line waits for a reader of stdout that takes nothing. */
const PATIENCE_MS = 5000;

/**
 * In which form the usage is to be written to stdout at the end; undefined where it is not. Only where Codex writes JSON
 * there: everywhere else its stdout is the answer. Throws a UsageError.
 */
export function readEmitForm(options: WrapperOptions, command: CodexCommand): EmitForm | undefined {
  const given = options.get('emit');
  if (!given || given.value === 'none') return undefined;
  const form = EMIT_FORMS.find((one) => one === given.value);
  if (!form) {
    throw new UsageError(`${given.place}: "${given.value}" is not known: use ${EMIT_FORMS.join(', ')} or none.`);
  }
  return command.output === 'json' ? form : undefined;
}

/** Writes what the run used behind what Codex wrote. Logs why, where that fails or the meter has not told it in time. */
export async function emitUsage(
  settled: Settled | undefined,
  lineIsOpen: boolean,
  database: string | undefined,
): Promise<void> {
  const line = settled?.usageLine;
  const failure = settled ? line && (await writeLine(1, `${lineIsOpen ? '\n' : ''}${line}\n`, PATIENCE_MS)) : NO_ANSWER;
  if (!failure) return;
  try {
    const { logUnwritten } = await import('./meter-trouble.js');
    logUnwritten(failure, database);
  } catch {
    // There is nowhere left to tell it.
  }
}

const NO_ANSWER = 'the meter did not tell it in time; see --meter-wait';
