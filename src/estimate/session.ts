import type { ItemContent, SessionItem } from '../usage/session-item.js';
import { NO_USAGE, type Usage } from '../usage/usage.js';
import { countContents, type TokensOf } from './content-tokens.js';
import { CountedContext } from './counted-context.js';
import type { UncountedResponse } from './open-response.js';
import {
  COMPACTION_PROMPT_TOKENS,
  compactsWithTools,
  missingInstructionTokens,
  type Requester,
  schemaTokens,
  sentInstructions,
} from './request-overhead.js';
import { ResponseWalk, type WalkOptions } from './responses.js';
import { type CountTokens, countTokens } from './tokenizer.js';

/** A completed response whose provider reported no usage, and what it is likely to have used. */
export interface EstimatedResponse {
  readonly turnId: string | undefined;
  /** As Codex asked for it. */
  readonly model: string | undefined;
  /** When it ended, epoch milliseconds. */
  readonly atMs: number;
  /** Its place among the completed responses of its turn, from 0: the same whenever the file is read. */
  readonly ordinal: number;
  readonly request: UncountedResponse['request'];
  /** Cached input and cache writes are 0: nothing in the file tells of them. */
  readonly usage: Usage;
}

export interface SessionEstimate {
  readonly responses: readonly EstimatedResponse[];
  /** Responses without usage that were cut off for good, or cut and asked for again: they are not estimated. */
  readonly cutOff: number;
  readonly retried: number;
}

export interface EstimateOptions extends WalkOptions {
  /** Instead of the model that the file names for each turn. */
  readonly model?: string | undefined;
  /** Instead of the version that the file began with: a later Codex may have resumed it. */
  readonly cliVersion?: string | undefined;
  /**
   * What the thread continues, oldest first: of the thread that `historyBase` of this file's header names, the items
   * with an ordinal below its `endOrdinal`. Without them the estimate leaves that part of the context out.
   */
  readonly inherited?: Items | undefined;
}

type Items = Iterable<SessionItem> | AsyncIterable<SessionItem>;

/**
 * Estimates every completed response of a session file that the file does not count. Rejects when tiktoken cannot be
 * loaded; when nothing is to be estimated, it is not loaded.
 */
export async function estimateSession(
  items: Items,
  options: EstimateOptions,
  count: CountTokens = countTokens,
): Promise<SessionEstimate> {
  const walk = new ResponseWalk(options);
  for await (const item of options.inherited ?? []) walk.inherit(item);
  for await (const item of items) walk.add(item);
  walk.end();
  const { header, cutOff, retried, uncounted } = walk;
  const cliVersion = options.cliVersion ?? header?.cliVersion;
  const instructions = plain(header && sentInstructions(header, cliVersion));
  const tokensOf = await countContents(contentsOf(uncounted, instructions), count);
  const estimate = createEstimator(header?.instructions, tokensOf(instructions), tokensOf);
  const responses = uncounted.map((response) =>
    estimate(response, { header, cliVersion, model: options.model ?? response.model }),
  );
  return { responses, cutOff, retried };
}

function* contentsOf(responses: readonly UncountedResponse[], instructions: ItemContent): Generator<ItemContent> {
  if (responses.length > 0) yield instructions;
  const lengths = new Map(responses.map(({ context, contextLength }) => [context, contextLength]));
  for (const [context, length] of lengths) yield* context.slice(0, length).map(({ content }) => content);
  for (const { answer } of responses) yield* answer;
}

function createEstimator(instructions: string | undefined, instructionTokens: number, tokensOf: TokensOf) {
  const contexts = new Map<UncountedResponse['context'], CountedContext>();
  return (response: UncountedResponse, requester: Requester): EstimatedResponse => {
    const { turnId, atMs, ordinal, request, context, contextLength, answer } = response;
    const counted = contexts.get(context) ?? new CountedContext(context, instructions, tokensOf);
    contexts.set(context, counted);
    // Codex 0.169 writes instructions and tools among the items for gpt-5.6 and later: there they are counted already.
    const told = counted.holdsInstructions(contextLength) ? 0 : instructionTokens + missingInstructionTokens(requester);
    const offered = counted.holdsTools(contextLength) ? 0 : schemaTokens(requester);
    const asked = askedTokens(request, requester, offered);
    const usage = {
      ...NO_USAGE,
      input: counted.tokensOf(contextLength) + told + asked,
      output: sum(answer.map(tokensOf)),
      reasoning: sum(answer.filter(({ kind }) => kind === 'reasoning').map(tokensOf)),
    };
    return { turnId, model: requester.model, atMs, ordinal, request, usage };
  };
}

/** What a request holds beside the conversation and the instructions. */
function askedTokens(request: UncountedResponse['request'], { cliVersion }: Requester, offered: number): number {
  if (request === 'compaction') return COMPACTION_PROMPT_TOKENS;
  return request === 'turn' || compactsWithTools(cliVersion) ? offered : 0;
}

function plain(text = ''): ItemContent {
  return { kind: 'plain', text, sealedChars: 0, images: 0 };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
