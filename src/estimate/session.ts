import type { ItemContent, SessionItem } from '../usage/session-item.js';
import { NO_USAGE, type Usage } from '../usage/usage.js';
import { CountedContext, countContents, type TokensOf } from './content-tokens.js';
import { plain, type UncountedResponse } from './open-response.js';
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

/** A completed response whose provider reported no usage, with its likely usage. */
export interface EstimatedResponse
  extends Pick<UncountedResponse, 'turnId' | 'model' | 'atMs' | 'ordinal' | 'request'> {
  /** Cached input and cache writes are 0: the file does not say them. */
  readonly usage: Usage;
}

export interface SessionEstimate {
  readonly responses: readonly EstimatedResponse[];
  /** How many responses without usage were cut off for good, or cut off and asked for again. They are not estimated. */
  readonly cutOff: number;
  readonly retried: number;
}

export interface EstimateOptions extends WalkOptions {
  /** The model to assume instead of the one that the file names for each turn. */
  readonly model?: string | undefined;
  /** The version to assume instead of the one that the file began with: a later Codex may have resumed it. */
  readonly cliVersion?: string | undefined;
  /**
   * The items that the thread continues, oldest first: those of the thread in `historyBase` of this file's header, those with an
   * ordinal below its `endOrdinal`. Without them the estimate leaves that part of the context out.
   */
  readonly inherited?: Items | undefined;
}

type Items = Iterable<SessionItem> | AsyncIterable<SessionItem>;

/** Estimates every completed response without usage. Rejects when tiktoken, which only an estimate loads, cannot be loaded. */
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
    // Codex 0.169 writes instructions and tools among the items for gpt-5.6 and later, where they are counted already.
    const instructed = counted.holdsInstructions(contextLength)
      ? 0
      : instructionTokens + missingInstructionTokens(requester);
    const offered = counted.holdsTools(contextLength) ? 0 : schemaTokens(requester);
    const asked = askedTokens(request, requester, offered);
    const usage = {
      ...NO_USAGE,
      input: counted.tokensOf(contextLength) + instructed + asked,
      output: sum(answer.map(tokensOf)),
      reasoning: sum(answer.filter(({ kind }) => kind === 'reasoning').map(tokensOf)),
    };
    return { turnId, model: requester.model, atMs, ordinal, request, usage };
  };
}

/** Returns the tokens that a request has beside the conversation and the instructions. */
function askedTokens(request: UncountedResponse['request'], { cliVersion }: Requester, offered: number): number {
  if (request === 'compaction') return COMPACTION_PROMPT_TOKENS;
  return request === 'turn' || compactsWithTools(cliVersion) ? offered : 0;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
