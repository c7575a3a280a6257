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
  const calls = typeof reply.calls === 'function' ? reply.calls(inputOf(body), toolsOf(body)) : (reply.calls ?? []);
  calls.forEach((call, index) => {
    items.push(callItem(`call_${responseId}_${index}`, call));
  });
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

function callItem(callId: string, call: ToolCall): Json {
  if ('cmd' in call) {
    return {
      type: 'function_call',
      id: `fc_${callId}`,
      call_id: callId,
      name: 'exec_command',
      arguments: JSON.stringify({ cmd: call.cmd, yield_time_ms: call.yieldMs ?? 10_000 }),
    };
  }
  return {
    type: 'function_call',
    id: `fc_${callId}`,
    call_id: callId,
    name: call.tool,
    ...(call.namespace && { namespace: call.namespace }),
    arguments: JSON.stringify(call.arguments),
  };
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
