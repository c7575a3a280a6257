import { parseCodexEvent } from '../../agents/codex/events.js';
import { createHumanReader } from '../../agents/codex/human.js';
import { readLines } from '../../io/lines.js';
import { addUsage, NO_USAGE, type Usage } from '../../usage/usage.js';

/** The usage in a log of Codex's output, both streams in one file. */
export interface CodexLog {
  readonly threadId: string | undefined;
  readonly model: string | undefined;
  /** The sum over all `turn.completed`; since about 0.80 the total of the thread when it was resumed. */
  readonly reported: Usage;
  /** The footer of the human-readable output: input − cached input + output of the whole thread. */
  readonly blendedTokens: number | undefined;
  readonly outcome: 'completed' | 'failed' | 'unknown';
}

const MODEL = /^model: (\S{1,100})$/;

/** Reads a log. Rejects with what the file system throws. */
export async function readCodexLog(path: string): Promise<CodexLog> {
  const readHuman = createHumanReader();
  let threadId: string | undefined;
  let model: string | undefined;
  let reported = NO_USAGE;
  let blendedTokens: number | undefined;
  let outcome: CodexLog['outcome'] = 'unknown';
  for await (const line of readLines(path)) {
    if (line.startsWith('{')) {
      const event = parseCodexEvent(line);
      if (event.kind === 'thread_started') threadId ??= event.threadId;
      if (event.kind === 'turn_completed') reported = addUsage(reported, event.usage);
      if (event.kind === 'turn_completed') outcome = 'completed';
      if (event.kind === 'turn_failed') outcome = 'failed';
      continue;
    }
    model ??= MODEL.exec(line)?.[1];
    const fact = readHuman(line);
    if (fact?.kind === 'thread_started') threadId ??= fact.threadId;
    if (fact?.kind === 'blended_total') blendedTokens = fact.tokens;
  }
  if (outcome === 'unknown' && blendedTokens !== undefined) outcome = 'completed';
  return { threadId, model, reported, blendedTokens, outcome };
}
