import * as z from 'zod/mini';
import type { ContextItem, ItemContent } from '../../usage/session-item.js';

const optionalText = z.nullish(z.string());
const part = z.object({ type: z.string(), text: optionalText, encrypted_content: optionalText });
type Part = z.infer<typeof part>;

type Read = (item: unknown) => ContextItem | undefined;

const toolOutput = reading(z.object({ output: z.union([z.string(), z.array(part)]) }), ({ output }) =>
  from('tool', typeof output === 'string' ? { text: output } : ofParts(output)),
);
const sealed = reading(z.object({ encrypted_content: optionalText }), ({ encrypted_content }) =>
  from('model', { kind: 'reasoning', sealedChars: encrypted_content?.length ?? 0 }),
);

/** The readers by the type of a response item, as Codex 0.40 to 0.169 writes them. */
const READERS = new Map<string, Read>(
  Object.entries({
    message: reading(z.object({ role: z.string(), content: z.array(part) }), ({ role, content }) =>
      from(role === 'assistant' ? 'model' : 'message', ofParts(content)),
    ),
    agent_message: reading(
      z.object({ author: z.string(), recipient: z.string(), content: z.array(part) }),
      ({ author, recipient, content }) => {
        const parts = ofParts(content);
        return from('message', { ...parts, text: [author, recipient, parts.text].join('\n') });
      },
    ),
    reasoning: reading(
      z.object({
        summary: z.nullish(z.array(part)),
        content: z.nullish(z.array(part)),
        encrypted_content: optionalText,
      }),
      // Providers of open models send the model's thoughts in clear text, which the summary repeats.
      ({ summary, content, encrypted_content }) =>
        from('model', {
          ...ofParts(content?.length ? content : (summary ?? [])),
          kind: 'reasoning',
          sealedChars: encrypted_content?.length ?? 0,
        }),
    ),
    function_call: reading(
      z.object({ name: z.string(), namespace: optionalText, arguments: z.string() }),
      ({ name, namespace, arguments: text }) => from('model', { text: [namespace ?? '', name, text].join(' ').trim() }),
    ),
    custom_tool_call: reading(z.object({ name: z.string(), input: z.string() }), ({ name, input }) =>
      from('model', { text: `${name} ${input}` }),
    ),
    local_shell_call: reading(z.object({ action: z.optional(z.unknown()) }), ({ action }) =>
      from('model', asJson(action)),
    ),
    web_search_call: reading(z.object({ action: z.optional(z.unknown()) }), ({ action }) =>
      from('model', asJson(action)),
    ),
    tool_search_call: reading(z.object({ arguments: z.optional(z.unknown()) }), (call) =>
      from('model', asJson(call.arguments)),
    ),
    image_generation_call: () => from('model', { images: 1 }),
    function_call_output: toolOutput,
    custom_tool_call_output: toolOutput,
    tool_search_output: reading(z.object({ tools: z.optional(z.unknown()) }), ({ tools }) =>
      from('tool', asJson(tools)),
    ),
    additional_tools: reading(z.object({ tools: z.optional(z.unknown()) }), ({ tools }) =>
      from('tool_list', asJson(tools)),
    ),
    compaction: sealed,
    compaction_summary: sealed,
    context_compaction: sealed,
  }),
);

/** Items that the model does not see, or that take no tokens. */
const WITHOUT_TOKENS = new Set(['ghost_snapshot', 'configuration_update', 'compaction_trigger', 'other']);

/** Returns what a response item holds, `nothing` where it takes no tokens, undefined where its kind or shape is unknown. */
export function readContextItem(item: unknown): ContextItem | 'nothing' | undefined {
  const type = String((item as { type?: unknown } | null)?.type);
  return WITHOUT_TOKENS.has(type) ? 'nothing' : READERS.get(type)?.(item);
}

/** Returns the items of a list that can be read and take tokens. */
export function readContextItems(items: readonly unknown[]): ContextItem[] {
  return items.flatMap((item) => {
    const read = readContextItem(item);
    return read === undefined || read === 'nothing' ? [] : [read];
  });
}

function reading<T>(schema: z.ZodMiniType<T>, toItem: (data: T) => ContextItem): Read {
  return (item) => {
    const parsed = schema.safeParse(item);
    return parsed.success ? toItem(parsed.data) : undefined;
  };
}

function from(source: ContextItem['from'], content: Partial<ItemContent>): ContextItem {
  return { from: source, content: { kind: 'plain', text: '', sealedChars: 0, images: 0, ...content } };
}

/** An image is a data URL, whose length says nothing about its tokens. */
function ofParts(parts: readonly Part[]): Pick<ItemContent, 'text' | 'sealedChars' | 'images'> {
  return {
    text: parts.flatMap(({ text }) => text ?? []).join('\n'),
    sealedChars: parts.reduce((chars, { encrypted_content }) => chars + (encrypted_content?.length ?? 0), 0),
    images: parts.filter(({ type }) => type.startsWith('input_image')).length,
  };
}

function asJson(value: unknown): Pick<ItemContent, 'text'> {
  return { text: JSON.stringify(value) ?? '' };
}
