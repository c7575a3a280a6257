import * as z from 'zod/mini';
import { IMPOSSIBLE_COUNT } from '../../formats/count.js';
import { count, optionalCount } from '../../formats/count-schema.js';
import { IRRELEVANT, type Irrelevant, type Unrecognised, unrecognised } from '../../formats/line.js';
import { isPossibleUsage } from '../../usage/count.js';
import type { ModelTotal } from '../../usage/session-total.js';
import { completeUsage } from '../../usage/usage.js';
import { optionalText } from './usage.js';

/** The usage of a session since it began, as Claude Code writes it when it ends. */
export interface SessionTotal {
  readonly kind: 'total';
  readonly sessionId: string;
  /**
   * When the session began, or the session that this one was forked from (epoch milliseconds): a fork's total goes on from its
   * parent's, and keeps this time. Undefined where the line does not say it.
   */
  readonly familyMs: number | undefined;
  readonly models: readonly ModelTotal[];
}

/** The session in which a line of a transcript was written, and when. */
export interface LineContext {
  readonly atMs: number;
  readonly sessionId: string;
  readonly cwd: string | undefined;
  readonly version: string | undefined;
  /** The branch of the work tree at that time. */
  readonly gitBranch: string | undefined;
}

/** Responses without a message: their usage is within the session's total and nowhere else. */
export interface ResponsesWithoutUsage extends LineContext {
  readonly kind: 'without usage';
  readonly what: 'compaction' | 'hook';
  /** At least this many. */
  readonly responses: number;
}

/** A prompt was queued. */
export interface QueuedPrompt {
  readonly kind: 'prompt';
  readonly atMs: number;
}

const total = z.object({
  sessionId: z.string(),
  startTime: optionalCount,
  modelUsage: z.record(
    z.string(),
    z.object({
      inputTokens: count,
      outputTokens: count,
      cacheReadInputTokens: count,
      cacheCreationInputTokens: count,
      cacheCreationEphemeral1hInputTokens: optionalCount,
      thinkingTokens: optionalCount,
      webSearchRequests: optionalCount,
    }),
  ),
});

/** Reads a line of type `cost-state`, which Claude Code 2.1.300 and later writes when it ends, unless it is killed. */
export function parseSessionTotal(record: object): SessionTotal | Unrecognised {
  const { data } = total.safeParse(record);
  if (!data) return unrecognised('cost-state of an unknown shape');
  const models = Object.entries(data.modelUsage).map(([model, used]) => ({
    model,
    usage: completeUsage({
      input: used.inputTokens + used.cacheReadInputTokens + used.cacheCreationInputTokens,
      cachedInput: used.cacheReadInputTokens,
      cacheWrite: used.cacheCreationInputTokens,
      output: used.outputTokens,
      reasoning: used.thinkingTokens,
    }),
    cacheWrite1h: used.cacheCreationEphemeral1hInputTokens ?? 0,
    webSearches: used.webSearchRequests ?? 0,
  }));
  if (!models.every(({ usage }) => isPossibleUsage(usage, 'session_total'))) {
    return unrecognised(`cost-state with ${IMPOSSIBLE_COUNT}`);
  }
  return { kind: 'total', sessionId: data.sessionId, familyMs: data.startTime ?? undefined, models };
}

export const contextFields = { cwd: optionalText, version: optionalText, gitBranch: optionalText };

/** The fields as the records have them: undefined where the line has null. */
export function readContext({ cwd, version, gitBranch }: z.infer<z.ZodMiniObject<typeof contextFields>>) {
  return { cwd: cwd ?? undefined, version: version ?? undefined, gitBranch: gitBranch ?? undefined };
}

const system = z.object({
  subtype: z.string(),
  isSidechain: z.nullish(z.boolean()),
  sessionId: z.string(),
  timestamp: z.string(),
  ...contextFields,
  hookInfos: z.nullish(z.array(z.looseObject({ promptText: z.optional(z.unknown()) }))),
});

/**
 * Reads a line of type `system`: a compaction, or hooks of type `prompt` that ran when Claude stopped. Those of a sub-agent
 * are left out: the file of its session has them too.
 */
export function parseSystemLine(record: object): ResponsesWithoutUsage | Irrelevant {
  const { data } = system.safeParse(record);
  if (!data || data.isSidechain) return IRRELEVANT;
  const { subtype, sessionId, hookInfos } = data;
  const prompts = hookInfos?.filter(({ promptText }) => promptText !== undefined).length ?? 0;
  const responses = subtype === 'compact_boundary' ? 1 : subtype === 'stop_hook_summary' ? prompts : 0;
  const atMs = Date.parse(data.timestamp);
  if (responses === 0 || Number.isNaN(atMs)) return IRRELEVANT;
  const what = subtype === 'compact_boundary' ? 'compaction' : 'hook';
  return { kind: 'without usage', atMs, sessionId, what, responses, ...readContext(data) };
}

export function parseQueueLine({ timestamp }: { readonly timestamp?: unknown }): QueuedPrompt | Irrelevant {
  const atMs = Date.parse(String(timestamp));
  return Number.isNaN(atMs) ? IRRELEVANT : { kind: 'prompt', atMs };
}
