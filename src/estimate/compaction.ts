import type { ContextItem, ItemContent } from '../usage/session-item.js';

/** Codex puts this before the summary that it keeps in `compacted.message`: 0.63 to 0.169. */
const INTRODUCTION = /^Another language model started.{0,400}?your own analysis:\n/s;

/** Returns what the model answered when it was asked for a summary. */
export function summaryIn(message: string): ItemContent {
  return plain(message.replace(INTRODUCTION, ''));
}

/** Returns what a provider answered that was asked to compact the conversation itself. */
export function sealedSummaryIn(replacement: readonly ContextItem[] | undefined): ItemContent | undefined {
  return replacement?.findLast(({ content }) => content.kind === 'reasoning' && content.sealedChars > 0)?.content;
}

/** Returns the conversation after a compaction: up to 0.101 the messages of Codex and of the user, and the summary. */
export function compact(
  context: readonly ContextItem[],
  message: string,
  replacement: readonly ContextItem[] | undefined,
): ContextItem[] {
  if (replacement) return [...replacement];
  return [...context.filter(({ from }) => from === 'message'), { from: 'message', content: plain(message) }];
}

function plain(text: string): ItemContent {
  return { kind: 'plain', text, sealedChars: 0, images: 0 };
}
