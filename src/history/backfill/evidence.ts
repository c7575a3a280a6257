import { readFileSync } from 'node:fs';
import { missingInstructionTokens, schemaTokens } from '../../estimate/request-overhead.js';
import { countTokens } from '../../estimate/tokenizer.js';
import { UNKNOWN_MODEL } from '../../formats/codex-thread-state.js';
import type { ModelResponse, Note } from '../../usage/record.js';
import type { Evidence } from '../../usage/source.js';
import { isNegativeUsage, isNoUsage, NO_USAGE, subtractUsage, type Usage } from '../../usage/usage.js';
import type { CodexLog } from './codex-log.js';
import type { RunFolder } from './run-folders.js';

export interface EvidenceInput {
  readonly invocationId: string;
  readonly folder: RunFolder;
  readonly log: CodexLog | undefined;
  /** What is recorded of its thread for earlier invocations. */
  readonly recordedBefore: Usage;
}

/** One response that stands for all of an invocation, and why. */
export interface StandIn {
  readonly response: ModelResponse;
  readonly note: Note;
}

/** What the log's own lines of tokens say; undefined when it has none. */
export function readFromLog(input: EvidenceInput): StandIn | undefined {
  const { log, recordedBefore } = input;
  if (log && !isNoUsage(log.claimed)) {
    const rest = subtractUsage(log.claimed, recordedBefore);
    const usage = isNegativeUsage(rest) || isNoUsage(rest) ? log.claimed : rest;
    const reason = isNoUsage(recordedBefore)
      ? 'no session file: turn.completed of the log, which leaves out sub-agents and reviews'
      : 'no session file: turn.completed of the log less what is recorded of earlier invocations of its thread';
    return standIn(input, usage, 'turn_completed', reason);
  }
  if (!log?.blendedTokens) return undefined;
  const usage = { ...NO_USAGE, input: log.blendedTokens };
  const reason = 'no session file: the printed total, which leaves cached input out and counts output as input here';
  return standIn(input, usage, 'text', reason);
}

/** Counts the prompt and the result, and what Codex adds to a prompt; undefined when neither was kept. */
export async function estimateFromTexts(input: EvidenceInput): Promise<StandIn | undefined> {
  const { folder, log } = input;
  const texts = [folder.prompt, folder.result].map((path) => (path === undefined ? '' : readText(path)));
  if (texts.every((text) => text === '')) return undefined;
  const [prompt = 0, result = 0] = await countTokens(texts, log?.model);
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
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
