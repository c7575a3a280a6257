import { type CodexEvent, parseCodexEvent } from '../agents/codex/events.js';
import { type CodexWarning, createHumanReader, type HumanFact } from '../agents/codex/human.js';
import { IMPOSSIBLE_COUNT } from '../formats/count.js';
import type { Usage } from '../usage/usage.js';
import type { OutputLine } from './output-sieve.js';
import { countUnreadable, type UnreadableLines } from './unreadable.js';

/** What Codex's own output has reported so far. It is weaker evidence than the session file: see docs/how-it-counts.md. */
export interface OutputFacts {
  threadId: string | undefined;
  /** From the human-readable output; `--json` does not name it. */
  model: string | undefined;
  /** The usage in each `turn.completed`. */
  readonly turnTotals: Usage[];
  turnFailed: boolean;
  reconnects: number;
  readonly remarks: TimedRemark[];
  /** The footer of the human-readable output: input − cached input + output of the whole thread. */
  blendedTokens: number | undefined;
  readonly unreadable: Map<string, UnreadableLines>;
}

/** `atMs`: when it came out of Codex (epoch milliseconds). */
export type TimedRemark = CodexWarning & { readonly atMs: number };

export interface OutputReader {
  readonly facts: OutputFacts;
  /** Takes the next line that the sieve has handed on. */
  take(line: OutputLine): void;
}

/** Reads the relevant lines of the `--json` stream or of the human-readable one. `onThread` is called once, when Codex names the thread. */
export function createOutputReader(output: 'json' | 'human', onThread: (threadId: string) => void): OutputReader {
  const facts: OutputFacts = {
    ...{ threadId: undefined, model: undefined, turnTotals: [], turnFailed: false, reconnects: 0, remarks: [] },
    ...{ blendedTokens: undefined, unreadable: new Map() },
  };
  const parse: (line: string) => CodexEvent | HumanFact | undefined =
    output === 'json' ? parseCodexEvent : createHumanReader();
  return {
    facts,
    take({ text, problem, number, atMs, follows }) {
      // In the human-readable output the meaning of a line depends on the line right before it.
      if (follows === 'others' && output === 'human') parse('');
      if (problem !== undefined) countUnreadable(facts.unreadable, problem, number);
      const fact = text === undefined ? undefined : parse(text);
      if (fact?.kind !== 'thread_started') return fact && takeFact(facts, fact, number, atMs);
      if (facts.threadId) return;
      facts.threadId = fact.threadId;
      onThread(fact.threadId);
    },
  };
}

function takeFact(facts: OutputFacts, fact: CodexEvent | HumanFact, line: number, atMs: number): void {
  if (fact.kind === 'turn_completed') facts.turnTotals.push(fact.usage);
  else if (fact.kind === 'turn_failed') facts.turnFailed = true;
  else if (fact.kind === 'reconnecting') facts.reconnects++;
  else if (fact.kind === 'model') facts.model ??= fact.model;
  else if (fact.kind === 'rerouted' || fact.kind === 'tier_omitted') facts.remarks.push({ ...fact, atMs });
  else if (fact.kind === 'blended_total') takeFooter(facts, fact.tokens, line);
  else if (fact.kind === 'unrecognised') countUnreadable(facts.unreadable, fact.reason, line);
}

const IMPOSSIBLE_FOOTER = `the total that is printed last, with ${IMPOSSIBLE_COUNT}`;

/** The last figure is the footer's. One that was read before stood in the prompt or the answer. */
function takeFooter(facts: OutputFacts, tokens: number | undefined, line: number): void {
  facts.blendedTokens = tokens;
  facts.unreadable.delete(IMPOSSIBLE_FOOTER);
  if (tokens === undefined) countUnreadable(facts.unreadable, IMPOSSIBLE_FOOTER, line);
}
