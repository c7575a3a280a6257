import { readFileSync } from 'node:fs';
import { MODEL } from './codex.js';
import { addRow, type Db, newId } from './database.js';

export type Category = 'builder' | 'reviewer' | 'chat' | 'handoff' | 'other';

interface Tokens {
  readonly input: number;
  readonly output: number;
}

/** USD per 1,000 tokens, for the models that have these words in their name. */
const PRICES = [
  { words: 'gpt-4', input: 0.03, output: 0.06 },
  { words: '-codex', input: 0.015, output: 0.06 },
];

/**
 * Books what a Codex cost that has ended, as far as the runner can tell by itself: by the `token_count` records in its
 * log. Where there are none, as in all that Codex prints today, it estimates from `texts`, its prompt and its answer, or
 * books nothing but that there was a call.
 */
export function bookCodex(
  db: Db,
  whose: { projectId: string; runId?: string; category: Category; description: string },
  { log, texts }: { log: string; texts?: { prompt: string; answer: string } },
): void {
  const counted = readTokens(log);
  const estimated = texts && { input: estimateTokens(texts.prompt), output: estimateTokens(readText(texts.answer)) };
  const tokens = counted ?? estimated ?? { input: 0, output: 0 };
  const price = PRICES.find(({ words }) => MODEL.includes(words)) ?? { input: 0, output: 0 };
  const remark = counted ? '' : ` | token usage ${estimated ? 'estimated' : 'missing'}`;
  addRow(db, 'cost_records', {
    id: newId(),
    project_id: whose.projectId,
    run_id: whose.runId ?? null,
    category: whose.category,
    input_tokens: tokens.input,
    output_tokens: tokens.output,
    is_actual: counted ? 1 : 0,
    model: MODEL,
    input_cost_per_1k: price.input,
    output_cost_per_1k: price.output,
    total_cost_usd: (tokens.input * price.input + tokens.output * price.output) / 1000,
    description: `${whose.description}${remark}`,
    created_at: new Date().toISOString(),
  });
}

/** The newest total of the log's `token_count` records. */
function readTokens(log: string): Tokens | undefined {
  for (const line of readText(log).split('\n').reverse()) {
    if (!line.includes('"token_count"')) continue;
    try {
      const { payload } = JSON.parse(line) as { payload?: TokenCount };
      const total = payload?.type === 'token_count' ? payload.info?.total_token_usage : undefined;
      if (total) return { input: total.input_tokens, output: total.output_tokens };
    } catch {
      // A line that was cut short, or some text that only speaks of token counts.
    }
  }
  return undefined;
}

interface TokenCount {
  readonly type?: string;
  readonly info?: { readonly total_token_usage?: { readonly input_tokens: number; readonly output_tokens: number } };
}

function estimateTokens(text: string): number {
  return Math.ceil(text.length / 4);
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
