import { parseCodexEvent } from '../agents/codex/events.js';
import { createHumanReader } from '../agents/codex/human.js';
import type { Remark } from '../agents/codex/remarks.js';
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
export type TimedRemark = Remark & { readonly atMs: number };

export interface OutputReader {
  readonly facts: OutputFacts;
  /** Takes the next line that the sieve has handed on. */
  take(line: OutputLine): void;
}

/**
 * Reads the relevant lines of the `--json` stream or of the human-readable one. `onThread` is called once, when
 * Codex names the thread.
 */
export function createOutputReader(output: 'json' | 'human', onThread: (threadId: string) => void): OutputReader {
  const facts: OutputFacts = {
    threadId: undefined,
    model: undefined,
    turnTotals: [],
    turnFailed: false,
    reconnects: 0,
    remarks: [],
    blendedTokens: undefined,
    unreadable: new Map(),
  };
  const nameThread = (threadId: string) => {
    if (facts.threadId) return;
    facts.threadId = threadId;
    onThread(threadId);
  };
  let arrivedAtMs = 0;
  const remember = (remark: Remark) => void facts.remarks.push({ ...remark, atMs: arrivedAtMs });
  const read =
    output === 'json' ? readEvents(facts, nameThread, remember) : readTranscript(facts, nameThread, remember);
  return {
    facts,
    take({ text, problem, number, atMs, follows }) {
      arrivedAtMs = atMs;
      // In the transcript the meaning of a line depends on the line right before it.
      if (follows === 'others') read.passOver();
      if (problem !== undefined) countUnreadable(facts.unreadable, problem, number);
      if (text !== undefined) read.line(text, number);
    },
  };
}

type NameThread = (threadId: string) => void;
type Remember = (remark: Remark) => void;

interface LineReader {
  line(text: string, number: number): void;
  /** Lines without facts were left out here. */
  passOver(): void;
}

function readEvents(facts: OutputFacts, nameThread: NameThread, remember: Remember): LineReader {
  return {
    passOver: () => undefined,
    line(text, number) {
      const event = parseCodexEvent(text);
      if (event.kind === 'thread_started') nameThread(event.threadId);
      else if (event.kind === 'turn_completed') facts.turnTotals.push(event.usage);
      else if (event.kind === 'turn_failed') facts.turnFailed = true;
      else if (event.kind === 'reconnecting') facts.reconnects++;
      else if (event.kind === 'rerouted' || event.kind === 'tier_omitted') remember(event);
      else if (event.kind === 'unrecognised') countUnreadable(facts.unreadable, event.reason, number);
    },
  };
}

function readTranscript(facts: OutputFacts, nameThread: NameThread, remember: Remember): LineReader {
  const read = createHumanReader();
  return {
    passOver: () => void read(''),
    line(text, number) {
      const fact = read(text);
      if (fact?.kind === 'thread_started') nameThread(fact.threadId);
      else if (fact?.kind === 'reconnecting') facts.reconnects++;
      else if (fact?.kind === 'blended_total') takeFooter(facts, fact.tokens, number);
      else if (fact?.kind === 'model') facts.model ??= fact.model;
      else if (fact) remember(fact);
    },
  };
}

const IMPOSSIBLE_FOOTER = `the total that is printed last, with ${IMPOSSIBLE_COUNT}`;

/** The last figure is the footer's. One that was read before stood in the prompt or the answer. */
function takeFooter(facts: OutputFacts, tokens: number | undefined, line: number): void {
  facts.blendedTokens = tokens;
  facts.unreadable.delete(IMPOSSIBLE_FOOTER);
  if (tokens === undefined) countUnreadable(facts.unreadable, IMPOSSIBLE_FOOTER, line);
}
