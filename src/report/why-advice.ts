import { totalOf } from './cost-split.js';
import type { CauseKind } from './why-causes.js';
import type { CauseSum, WhyReport } from './why-report.js';

/** A cause that is less than this part of the cost is not worth a change. */
const WORTH_SHARE = 0.1;

/** The one thing to change, from the dearest cause that can be changed. */
export function describeNextStep({ causes, split }: WhyReport): string {
  const total = totalOf(split);
  const [first] = causes.filter(({ kind, nanoUsd }) => ADVICE[kind] !== undefined && nanoUsd >= total * WORTH_SHARE);
  const advice = first && ADVICE[first.kind]?.(first);
  return `Next step: ${advice ?? 'nothing stands out: what was paid for is new input and what the model wrote.'}`;
}

const ADVICE: Readonly<Partial<Record<CauseKind, (sum: CauseSum) => string>>> = {
  'cache-miss': ({ example }) => {
    const miss = example.kind === 'cache-miss' ? example.miss : undefined;
    if (miss?.modelBefore !== undefined) return 'keep one model within a thread; start a new thread for another model.';
    return miss && miss.gapMs > 5 * 60_000
      ? 'resume a thread within minutes, while the cache still holds it, or begin a new thread with a short summary instead of resuming a long one.'
      : 'look for what changes at the beginning of the request (tools, instructions, the time of day): the cache holds only what is the same from the start.';
  },
  'context-shortened': () =>
    'let Codex compact less often, or work in shorter threads: each compaction has the rest sent anew.',
  'first-request': () =>
    'resume one thread for several steps, or shorten AGENTS.md and the prompt: each new thread sends them anew.',
  'child-thread': () =>
    'use fewer sub-agents, or give each more to do: each begins with instructions that no cache has.',
  'context-growth': () =>
    'have tools print less (tool_output_token_limit in config.toml limits it), and name the files that are to be read.',
  'context-length': () => 'begin a new thread, or compact, sooner: all of a long thread is sent with each response.',
  'long-context': () =>
    'compact before the request is that long (model_auto_compact_token_limit in config.toml), or begin a new thread.',
  tier: () => 'leave service_tier in config.toml at its default where nobody waits for the answer.',
  reasoning: () => 'try a lower model_reasoning_effort for this phase.',
};
