import { readAnswer } from '../agents/openai/api.js';
import { type ApiUsage, parseApiUsage } from '../agents/openai/usage.js';
import { isObject, type JsonObject } from '../formats/json.js';
import type { Phase } from '../usage/phase.js';
import { sumUsage } from '../usage/usage.js';
import { checkContext, resolveContext, type UsageContext } from './context.js';
import type { RecordedUsage } from './record-step.js';
import { recordCall, toTexts } from './record-usage.js';

/** What is known beside the result. */
export interface CaptureContext extends Omit<UsageContext, 'category'> {
  /** The model, where the result does not name it. */
  readonly model?: string | undefined;
  /** What the model was given to read, for an estimate. Never stored. */
  readonly input?: string | readonly string[] | undefined;
}

/**
 * Records what a phase used from its result: an object that may carry `usage`, output text, or neither, or that promises
 * them. Counts as data are taken first, then counts that a program printed into its output, then a tokenizer's. Rejects with
 * a UsageError for a phase or context that makes no sense, and for nothing else.
 */
export async function captureUsage(
  phase: Phase,
  result: unknown,
  context: CaptureContext = {},
): Promise<RecordedUsage> {
  const completedAtMs = Date.now();
  const whole = { ...context, category: phase };
  checkContext(whole);
  const { output, model = context.model, counted, responseId, serviceTier } = await readResult(result);
  return recordCall(resolveContext(whole, completedAtMs), {
    ...{ command: 'model call', startedAtMs: completedAtMs, completedAtMs, status: 'completed' },
    ...{ counted, model, responseId, serviceTier },
    printed: output,
    texts: output === undefined ? undefined : toTexts(context.input, output),
  });
}

/** What a result says of the model call, or calls, that it is the result of. */
interface ResultFacts {
  readonly counted?: ApiUsage | undefined;
  readonly output?: string | undefined;
  readonly model?: string | undefined;
  readonly responseId?: string | undefined;
  readonly serviceTier?: string | undefined;
}

/** The fields in which programs have what the model answered, or what a command printed. */
const OUTPUTS = ['output_text', 'outputText', 'output', 'text', 'finalResponse', 'content', 'message', 'stdout'];
/** The fields in which they have token counts. The AI SDK's `usage` is of the last call alone since its version 5. */
const COUNTS = ['totalUsage', 'usage', 'usage_metadata', 'tokenUsage', 'token_usage'];
/** What else is read: the API's answers, the AI SDK's results, LangChain's messages and generations. */
const OTHERS = ['id', 'model', 'service_tier', 'status', 'choices', 'steps', 'response', 'providerMetadata'];
const LANGCHAIN = ['response_metadata', 'llmOutput'];
const READ = new Set([...OUTPUTS, ...COUNTS, ...OTHERS, ...LANGCHAIN]);

/**
 * Reads a result of OpenAI's API, of the AI SDK (`generateText`, `streamText`), of LangChain (a message), of Codex's SDK, or
 * of a program's own. What it promises is waited for. Never rejects.
 */
async function readResult(result: unknown): Promise<ResultFacts> {
  if (typeof result === 'string') return { output: result };
  if (!isObject(result)) return {};
  const settled = [...READ].map(async (name) => [name, await settle(() => result[name])] as const);
  const given: JsonObject = Object.fromEntries(await Promise.all(settled));
  // LangChain's messages have their text in parts, as the API's output has.
  const body = { ...given, output: given.output ?? given.content };
  const answer = readAnswer(Array.isArray(given.choices) ? 'chat.completions' : 'responses', body);
  const langChain = toObject(given.response_metadata);
  const response = toObject(given.response);
  const ids = [answer.responseId, langChain.id, listSteps(given).length > 1 ? undefined : response.id];
  return {
    counted: readCounts(given),
    output: OUTPUTS.map((name) => toText(given[name])).find((text) => text) ?? toText(answer.text),
    model: answer.model ?? toText(response.modelId) ?? toText(langChain.model_name),
    // Other results have ids too: only the API's own are the same wherever a response is seen.
    responseId: ids.map(toText).find((id) => /^(resp_|chatcmpl-)/.test(id ?? '')),
    serviceTier: answer.serviceTier ?? toText(langChain.service_tier) ?? toText(openAIOf(given).serviceTier),
  };
}

/** The counts of all calls that led to the result. */
function readCounts(given: JsonObject): ApiUsage | undefined {
  const langChain = toObject(given.response_metadata);
  const places = [
    ...COUNTS.map((name) => complete(given[name], given)),
    ...[langChain.usage, langChain.tokenUsage, toObject(given.llmOutput).tokenUsage],
  ];
  const parsed = places.filter(isObject).map(parseApiUsage);
  return sumSteps(listSteps(given)) ?? parsed.find(({ kind }) => kind === 'usage' || kind === 'total') ?? parsed[0];
}

function sumSteps(steps: readonly JsonObject[]): ApiUsage | undefined {
  const parsed = steps.map((step) => parseApiUsage(complete(step.usage, step)));
  const counted = parsed.filter((one) => one.kind === 'usage');
  if (counted.length === 0 || counted.length < parsed.length) return undefined;
  const notes = new Map(counted.flatMap((one) => one.notes).map((note) => [note.reason, note]));
  return { kind: 'usage', usage: sumUsage(counted.map(({ usage }) => usage)), notes: [...notes.values()] };
}

/** The AI SDK before 5 has no place for cached and reasoning tokens in its usage: it has them in what the provider said. */
function complete(usage: unknown, result: JsonObject): unknown {
  if (!isObject(usage) || usage.promptTokens === undefined) return usage;
  const { cachedPromptTokens, reasoningTokens } = openAIOf(result);
  if (!isObject(toObject(result.providerMetadata).openai)) return usage;
  return { ...usage, cachedInputTokens: cachedPromptTokens ?? 0, reasoningTokens: reasoningTokens ?? 0 };
}

function openAIOf({ providerMetadata }: JsonObject): JsonObject {
  return toObject(toObject(providerMetadata).openai);
}

function listSteps({ steps }: JsonObject): JsonObject[] {
  return Array.isArray(steps) ? steps.filter(isObject) : [];
}

async function settle(read: () => unknown): Promise<unknown> {
  try {
    return await read();
  } catch {
    return undefined;
  }
}

function toObject(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function toText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
