import { isObject, type JsonObject } from '../../formats/json.js';
import { type ApiUsage, parseApiUsage } from './usage.js';

/** The parts of a request to OpenAI's API that metering needs. Texts are held in memory only. */
export interface ApiRequest {
  readonly api: 'chat.completions' | 'responses';
  readonly model: string | undefined;
  readonly serviceTier: string | undefined;
  /** All texts that the model reads: messages, instructions and tools. */
  readonly texts: readonly string[];
  readonly messages: number;
  /** Whether the model also reads something that cannot be counted: an image, a file, a sound, or an item that the request only refers to. */
  readonly unseen: boolean;
}

/** The parts of an answer, or of one event of a streamed answer, that metering needs. */
export interface ApiFacts {
  readonly responseId?: string | undefined;
  readonly model?: string | undefined;
  readonly serviceTier?: string | undefined;
  readonly usage?: ApiUsage | undefined;
  /** The text that the model wrote, which only an estimate needs. */
  readonly text?: string;
  /** `pending` means that the API still works on the answer in the background. */
  readonly state?: 'completed' | 'failed' | 'pending' | undefined;
}

/** Fields with names and settings, which are no text that the model reads or writes. */
const NOT_CONTENT = new Set(['id', 'type', 'role', 'status', 'call_id', 'tool_call_id', 'object', 'model', 'phase']);
const NOT_TEXT = /^(data:|file-)/;
const UNSEEN = new Set(['image_url', 'input_image', 'input_file', 'input_audio', 'file', 'audio', 'item_reference']);

const STATES: ReadonlyMap<unknown, ApiFacts['state']> = new Map([
  ['queued', 'pending'],
  ['in_progress', 'pending'],
  ['completed', 'completed'],
  ['incomplete', 'completed'],
  ['failed', 'failed'],
  ['cancelled', 'failed'],
]);

/** Describes a request by its body, which was parsed from JSON. */
export function describeRequest(api: ApiRequest['api'], body: JsonObject): ApiRequest {
  const messages = api === 'responses' ? body.input : body.messages;
  const given = [body.instructions, messages, body.tools, body.functions, body.response_format, body.text];
  return {
    api,
    model: asText(body.model),
    serviceTier: asText(body.service_tier),
    texts: given.flatMap((value) => collectTexts(value)),
    messages: Array.isArray(messages) ? messages.length : 1,
    unseen: Boolean(body.previous_response_id || body.conversation || body.prompt) || holdsUnseen(messages),
  };
}

/** Reads an answer that was not streamed. */
export function readAnswer(api: ApiRequest['api'], body: JsonObject): ApiFacts {
  if (api === 'responses') return { ...readResponse(body), text: collectTexts(body.output).join('') };
  return { ...readCommon(body), text: collectTexts(asList(body.choices).map(({ message }) => message)).join('') };
}

/** Reads one event of a streamed answer. */
export function readEvent(api: ApiRequest['api'], event: JsonObject): ApiFacts {
  if (api === 'chat.completions') {
    return { ...readCommon(event), text: collectTexts(asList(event.choices).map(({ delta }) => delta)).join('') };
  }
  const type = String(event.type);
  if (type === 'error') return { state: 'failed' };
  if (type.endsWith('.delta')) return { text: asText(event.delta) ?? '' };
  return isObject(event.response) ? readResponse(event.response) : {};
}

function readResponse(response: JsonObject): ApiFacts {
  const common = readCommon(response);
  return { ...common, state: STATES.get(response.status) ?? common.state };
}

function readCommon(body: JsonObject): ApiFacts {
  return {
    responseId: asText(body.id),
    model: asText(body.model),
    serviceTier: asText(body.service_tier),
    usage: isObject(body.usage) ? parseApiUsage(body.usage) : undefined,
    // Some servers report an error with a status of success, or in the middle of a stream.
    ...(isObject(body.error) && { state: 'failed' }),
  };
}

function collectTexts(value: unknown): string[] {
  if (typeof value === 'string') return NOT_TEXT.test(value) ? [] : [value];
  if (Array.isArray(value)) return value.flatMap(collectTexts);
  if (!isObject(value)) return [];
  return Object.entries(value).flatMap(([key, part]) => (NOT_CONTENT.has(key) ? [] : collectTexts(part)));
}

function holdsUnseen(value: unknown): boolean {
  if (Array.isArray(value)) return value.some(holdsUnseen);
  if (!isObject(value)) return false;
  return UNSEEN.has(String(value.type)) || holdsUnseen(value.content);
}

function asList(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
