import { basename } from 'node:path';
import { meterOpenAI } from 'codex-metered';
import OpenAI from 'openai';
import type { Settings } from './codex.js';

/** Answers a question about the run: a call of the API of the runner's own, metered as its chat. */
export async function chat({ model, runFolder, workTree }: Settings, question: string): Promise<string> {
  const openai = meterOpenAI(new OpenAI(), { category: 'chat', runId: basename(runFolder), cwd: workTree });
  const events = await openai.responses.create({
    model,
    input: [{ role: 'user', content: [{ type: 'input_text', text: question }] }],
    stream: true,
  });
  let answer = '';
  for await (const event of events) {
    if (event.type !== 'response.output_item.done' || event.item.type !== 'message') continue;
    for (const part of event.item.content) if (part.type === 'output_text') answer += part.text;
  }
  return answer;
}
