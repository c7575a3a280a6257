import type { ContextItem, ItemContent, SessionItem, SessionItemFact } from '../../src/usage/session-item.js';
import { completeUsage, type Usage } from '../../src/usage/usage.js';

export const THREAD = '01a20100-0000-7000-8000-000000000000';
/** Turns of the thread begin after it, and of a thread that it was forked from before it: their ids begin with the time. */
export const TURN = '01a20200-0000-7000-8000-000000000000';
export const LATER_TURN = '01a20300-0000-7000-8000-000000000000';
export const PARENT_TURN = '01a20050-0000-7000-8000-000000000000';

/** The facts as items, one millisecond after the other, from 1 on. */
export function timed(facts: readonly SessionItemFact[]): SessionItem[] {
  return facts.map((fact, index) => ({ atMs: index + 1, ...fact }));
}

export function header(given: Partial<SessionItemFact & { kind: 'session' }> = {}): SessionItemFact {
  return {
    kind: 'session',
    threadId: THREAD,
    cliVersion: '0.169.0',
    role: 'main',
    instructions: 'Be brief.',
    historyBase: undefined,
    ...given,
  };
}

export function turn(id: string | undefined, ...facts: SessionItemFact[]): SessionItemFact[] {
  return [{ kind: 'turn_started', turnId: id }, { kind: 'turn_context', turnId: id, model: 'gpt-5.3-codex' }, ...facts];
}

export function ended(outcome: 'completed' | 'failed' | 'aborted' = 'completed'): SessionItemFact {
  return { kind: 'turn_ended', turnId: undefined, outcome };
}

export function message(text: string): SessionItemFact {
  return item('message', { text });
}

export function toolOutput(text: string): SessionItemFact {
  return item('tool', { text });
}

/** What the model said. `sequence` distinguishes the items of one response from those of another. */
export function model(text: string, sequence?: number): SessionItemFact {
  return item('model', { text }, sequence);
}

export function reasoning(text: string, sealedChars = 0): SessionItemFact {
  return item('model', { kind: 'reasoning', text, sealedChars });
}

export function item(from: ContextItem['from'], content: Partial<ItemContent>, sequence?: number): SessionItemFact {
  return { kind: 'context_item', turnId: undefined, sequence, from, content: contentOf(content) };
}

export function contentOf(content: Partial<ItemContent>): ItemContent {
  return { kind: 'plain', text: '', sealedChars: 0, images: 0, ...content };
}

/** The row that Codex writes at the end of each request. */
export function row(inputTotal?: number): SessionItemFact {
  const total: Usage | undefined = inputTotal === undefined ? undefined : completeUsage({ input: inputTotal });
  return { kind: 'token_count', total };
}

export function record(threadId = THREAD): SessionItemFact {
  return { kind: 'usage_record', threadId };
}

export function compacted(text: string, replacement?: ContextItem[]): SessionItemFact {
  return { kind: 'compacted', message: text, replacement };
}
