import type { LedgerEntry } from './ledger.js';
import type { InputItem, Reply, ReportedUsage, ToolCall } from './script.js';

type Json = Record<string, unknown>;

/** The server-sent events of one response with these items, up to but without the event that ends it. */
export function itemEvents(responseId: string, model: string, items: readonly Json[]): Json[] {
  return [
    { type: 'response.created', response: { id: responseId, model, status: 'in_progress' } },
    ...items.flatMap((item, index) => [
      { type: 'response.output_item.added', output_index: index, item: { ...item, status: 'in_progress' } },
      { type: 'response.output_item.done', output_index: index, item },
    ]),
  ];
}

/** The event that ends the response: completed with its usage, or failed. */
export function endEvent(responseId: string, model: string, reply: Reply, usage: Required<ReportedUsage> | null): Json {
  if (reply.fail) {
    return { type: 'response.failed', response: { id: responseId, status: 'failed', error: reply.fail } };
  }
  return {
    type: 'response.completed',
    response: {
      id: responseId,
      model: reply.model ?? model,
      status: 'completed',
      ...(reply.serviceTier && { service_tier: reply.serviceTier }),
      ...(usage && { usage: apiUsage(usage) }),
    },
  };
}

/** The answer to a request for nothing but a compaction. */
export function compactedResponse({ responseId, usage }: LedgerEntry, reply: Reply): Json {
  return {
    id: responseId,
    object: 'response.compaction',
    output: [{ type: 'compaction', encrypted_content: reply.compaction }],
    ...(usage && { usage: apiUsage(usage) }),
  };
}

/** One event in the wire form of server-sent events. */
export function encodeEvent(event: Json): string {
  return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}

/** The items of one reply to a request with this body. */
export function outputItems(responseId: string, reply: Reply, body: Json): Json[] {
  const items: Json[] = [];
  if (reply.reasoning !== undefined) {
    items.push({
      type: 'reasoning',
      id: `rs_${responseId}`,
      summary: [{ type: 'summary_text', text: reply.reasoning }],
      encrypted_content: Buffer.from(reply.reasoning).toString('base64'),
    });
  }
  const tools = toolsOf(body);
  const calls = typeof reply.calls === 'function' ? reply.calls(inputOf(body), tools) : (reply.calls ?? []);
  for (const [index, call] of calls.entries()) items.push(callItem(`call_${responseId}_${index}`, call, tools));
  if (reply.compaction !== undefined) {
    items.push({ type: 'compaction', id: `cmp_${responseId}`, encrypted_content: reply.compaction });
  }
  if (reply.message !== undefined) {
    items.push({
      type: 'message',
      role: 'assistant',
      id: `msg_${responseId}`,
      content: [{ type: 'output_text', text: reply.message, annotations: [] }],
    });
  }
  return items;
}

export function inputOf(body: Json): readonly InputItem[] {
  return (body.input ?? []) as InputItem[];
}

function toolsOf(body: Json): string[] {
  return ((body.tools ?? []) as { name?: string; type: string }[]).map(({ name, type }) => name ?? type);
}

function callItem(callId: string, call: ToolCall, tools: readonly string[]): Json {
  const { name, namespace, given } = describeCall(call, tools);
  const common = { type: 'function_call', id: `fc_${callId}`, call_id: callId, name };
  return { ...common, ...(namespace && { namespace }), arguments: JSON.stringify(given) };
}

/** Codex up to 0.80 runs commands with another tool. */
function describeCall(call: ToolCall, tools: readonly string[]): { name: string; namespace?: string; given: Json } {
  if (!('cmd' in call)) return { ...call, name: call.tool, given: call.arguments };
  if (tools.includes('shell')) return { name: 'shell', given: { command: ['bash', '-lc', call.cmd] } };
  return { name: call.tool, given: { cmd: call.cmd, yield_time_ms: call.yieldMs ?? 10_000 } };
}

function apiUsage(usage: Required<ReportedUsage>): Json {
  return {
    input_tokens: usage.input,
    input_tokens_details: { cached_tokens: usage.cached, cache_write_tokens: usage.cacheWrite },
    output_tokens: usage.output,
    output_tokens_details: { reasoning_tokens: usage.reasoning },
    total_tokens: usage.input + usage.output,
  };
}
