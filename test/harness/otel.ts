type Count = string | number;

/** The record that Codex sends to a log collector for a completed response; without counts, the one for each response over HTTP. */
export function completedRecord(
  threadId: string,
  counts?: { input: Count; output: Count; cached?: Count; cacheWrite?: Count; reasoning?: Count },
) {
  const attribute = (key: string, value: Count) => ({
    key,
    value: typeof value === 'string' ? { stringValue: value } : { intValue: value },
  });
  const { input = 0, output = 0, cached = '0', cacheWrite = '0', reasoning = '0' } = counts ?? {};
  return {
    attributes: [
      attribute('event.name', 'codex.sse_event'),
      attribute('event.kind', 'response.completed'),
      attribute('event.timestamp', '2026-11-28T13:13:29.920Z'),
      attribute('conversation.id', threadId),
      attribute('app.version', '0.171.0'),
      attribute('model', 'gpt-5.3-codex'),
      ...(counts
        ? [
            attribute('input_token_count', input),
            attribute('cached_token_count', cached),
            attribute('cache_write_token_count', cacheWrite),
            attribute('output_token_count', output),
            attribute('reasoning_token_count', reasoning),
          ]
        : []),
    ],
  };
}

/** The body of one request with these records. */
export function otelBody(...logRecords: unknown[]): string {
  return JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
}
