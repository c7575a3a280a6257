import { createOpenAI } from '@ai-sdk/openai';
import { generateText, stepCountIs, streamText, tool } from 'ai';
import { flushUsage, meterFetch } from 'codex-metered';
import * as z from 'zod';

const [runId = 'r42'] = process.argv.slice(2);
const chat = createOpenAI({ fetch: meterFetch({ category: 'chat', runId }) });
const handoff = createOpenAI({ fetch: meterFetch({ category: 'handoff', runId }) });

// With a tool the AI SDK calls the API twice, and each of the calls is recorded.
const { text } = await generateText({
  model: chat('gpt-5.1'),
  prompt: 'How many shelves does the shop have?',
  tools: {
    countShelves: tool({
      description: 'Counts the shelves of the shop.',
      inputSchema: z.object({}),
      execute: async () => ({ shelves: 3 }),
    }),
  },
  stopWhen: stepCountIs(5),
});
console.log(text);

// A stream is shown as it comes, and recorded when it ends.
const written = streamText({ model: handoff('gpt-5.1'), prompt: 'Write the handoff.' });
for await (const part of written.textStream) process.stdout.write(part);
console.log();

// A stream that its reader leaves is recorded with an estimate of what had come by then.
const reader = new AbortController();
const long = streamText({
  model: chat('gpt-5.1'),
  prompt: 'Tell the whole history of the shop.',
  abortSignal: reader.signal,
});
for await (const part of long.textStream) {
  console.log(`${part} …`);
  reader.abort();
}

// What has ended is recorded in the background: a program that ends by itself need not wait for it, one that exits must.
await flushUsage();
process.exit(0);
