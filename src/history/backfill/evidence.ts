import { UNKNOWN_MODEL } from '../../agents/codex/thread-state.js';
import { missingInstructionTokens, schemaTokens } from '../../estimate/request-overhead.js';
import { countTokens } from '../../estimate/tokenizer.js';
import { readRegularFile } from '../../files/regular-file.js';
import { isPossibleUsage, noteImpossible } from '../../usage/count.js';
import type { ModelResponse, Note } from '../../usage/record.js';
import { findRunUsage, findRunUsageOfBlend, type RecordedBefore } from '../../usage/resumed-total.js';
import type { Evidence } from '../../usage/source.js';
import { isNoUsage, NO_USAGE, type Usage } from '../../usage/usage.js';
import type { CodexLog } from './codex-log.js';
import type { RunFolder } from './run-folders.js';

/** A prompt or a result is smaller than this. Larger files are not read. */
const LIMIT_BYTES = 64 * 1024 * 1024;

/** Notes on totals of the log that are impossible, and so are not used. */
export function describeImpossible(log: CodexLog | undefined): Note[] {
  if (!log) return [];
  const footer = { ...NO_USAGE, input: log.blendedTokens ?? 0 };
  return [...noteImpossible(log.reported, 'turn_completed'), ...noteImpossible(footer, 'text')];
}

export interface EvidenceInput {
  readonly invocationId: string;
  readonly folder: RunFolder;
  readonly log: CodexLog | undefined;
  /** The sums that had been recorded of its thread when it ended. */
  readonly recordedBefore: RecordedBefore;
}

/** A stand-in for all responses of an invocation, or none where nothing of it is missing, and a note that says why. */
export interface StandIn {
  readonly response: ModelResponse | undefined;
  readonly note: Note;
}

/** A stand-in from the token counts that the log itself holds; undefined when it has none. */
export function readFromLog(input: EvidenceInput): StandIn | undefined {
  const { log, recordedBefore } = input;
  if (log && !isNoUsage(log.reported) && isPossibleUsage(log.reported, 'turn_completed')) {
    const { part, usage } = findRunUsage(log.reported, recordedBefore);
    if (part === 'nothing') return nothingNew('turn.completed', log.reported);
    const reason = `no session file: turn.completed of the log${LEAVES[part]}`;
    return standIn(input, usage, 'turn_completed', reason);
  }
  const printed = { ...NO_USAGE, input: log?.blendedTokens ?? 0 };
  if (isNoUsage(printed) || !isPossibleUsage(printed, 'text')) return undefined;
  const { part, usage } = findRunUsageOfBlend(printed.input, recordedBefore);
  if (part === 'nothing') return nothingNew('the printed total', printed);
  const less = part === 'rest' ? ' less what is recorded of its thread before' : '';
  const reason = `no session file: the printed total${less}, which leaves cached input out and counts output as input here`;
  return standIn(input, usage, 'text', reason);
}

const LEAVES = {
  all: ', which leaves out sub-agents and reviews',
  rest: ' less what is recorded of its thread before',
} as const;

function nothingNew(what: string, { input, cachedInput: cached, output }: Usage): StandIn {
  const reason = `all that ${what} of the log holds is recorded already: nothing is added`;
  return { response: undefined, note: { kind: 'fallback', reason, figures: { input, cached, output } } };
}

/** Counts the prompt and the result, and what Codex adds to a prompt; undefined when the runner left neither. */
export async function estimateFromTexts(input: EvidenceInput): Promise<StandIn | undefined> {
  const { folder, log } = input;
  const texts = [folder.prompt, folder.result].map((path) => (path === undefined ? '' : readText(path)));
  if (texts.every((text) => text === '')) return undefined;
  const [prompt = 0, result = 0] = await countTokens(texts);
  const requester = { header: undefined, model: log?.model, cliVersion: undefined };
  const usage = {
    ...NO_USAGE,
    input: prompt + schemaTokens(requester) + missingInstructionTokens(requester),
    output: result,
  };
  const reason =
    'no session file and no counts in a log: the prompt and the result, counted as if they were one response';
  return standIn(input, usage, 'tokenizer', reason);
}

function standIn(
  { invocationId, folder, log }: EvidenceInput,
  usage: Usage,
  evidence: Evidence,
  reason: string,
): StandIn {
  const source = evidence === 'tokenizer' ? 'estimated' : 'parsed';
  const { input, cachedInput: cached, output } = usage;
  return {
    response: {
      threadId: log?.threadId ?? `invocation:${invocationId}`,
      key: `${evidence}:${invocationId}`,
      turnId: undefined,
      rootTurnId: undefined,
      model: log?.model ?? UNKNOWN_MODEL,
      serviceTier: undefined,
      usage,
      evidence,
      source,
      completedAtMs: folder.endedAtMs,
    },
    note: { kind: 'fallback', reason, figures: { source, input, cached, output } },
  };
}

function readText(path: string): string {
  try {
    return readRegularFile(path, LIMIT_BYTES).toString('utf8');
  } catch {
    return '';
  }
}
