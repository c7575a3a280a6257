import { StringOutputParser } from '@langchain/core/output_parsers';
import { ChatPromptTemplate } from '@langchain/core/prompts';
import { ChatOpenAI } from '@langchain/openai';
import { meterFetch } from 'codex-metered';

const [runId = 'r42'] = process.argv.slice(2);
const model = new ChatOpenAI({
  model: 'gpt-5.1',
  configuration: { fetch: meterFetch({ category: 'chat', runId }) },
});

const prompt = ChatPromptTemplate.fromMessages([
  ['system', 'You know the {place} well, and answer in one sentence.'],
  ['user', '{question}'],
]);
const chain = prompt.pipe(model).pipe(new StringOutputParser());
console.log(await chain.invoke({ place: 'shop', question: 'How many shelves does it have?' }));

// A stream is shown as it comes, and recorded when it ends.
for await (const chunk of await model.stream('Which of them are sorted?')) process.stdout.write(chunk.text);
console.log();

// The Responses API is recorded as the Chat Completions API is.
const writer = new ChatOpenAI({
  model: 'gpt-5.1',
  useResponsesApi: true,
  configuration: { fetch: meterFetch({ category: 'handoff', runId }) },
});
const message = await writer.invoke('Write the handoff.');
console.log(message.text);
