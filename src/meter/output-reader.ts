import { mayMatter, parseCodexEvent } from '../formats/codex-events.js';
import { createHumanReader } from '../formats/codex-human.js';
import type { Remark } from '../formats/codex-remarks.js';
import { IMPOSSIBLE_COUNT } from '../formats/count.js';
import { createLineSplitter, type LineSplitter } from '../io/lines.js';
import type { Usage } from '../usage/usage.js';
import { countUnreadable, type UnreadableLines } from './unreadable.js';

/** What Codex's own output has said so far. It is evidence of second rank: see docs/how-it-counts.md. */
export interface OutputFacts {
  threadId: string | undefined;
  /** The human-readable output names it; `--json` does not. */
  model: string | undefined;
  /** What each `turn.completed` claims. */
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
  /** Takes what Codex wrote, and when that arrived. */
  push(chunk: Buffer, atMs: number): void;
  end(): void;
}

/** Reads the `--json` stream or the human-readable one along. `onThread` is called once, when Codex names the thread. */
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
  const read = output === 'json' ? readEvents : readTranscript;
  const splitter = read(facts, nameThread, remember);
  return {
    facts,
    push(chunk, atMs) {
      arrivedAtMs = atMs;
      splitter.push(chunk);
    },
    end: splitter.end,
  };
}

type NameThread = (threadId: string) => void;
type Remember = (remark: Remark) => void;

function readEvents(facts: OutputFacts, nameThread: NameThread, remember: Remember): LineSplitter {
  return createLineSplitter({
    wants: mayMatter,
    onOverlong: (number) => countUnreadable(facts.unreadable, 'line too long', number),
    onLine: (line, number) => {
      const event = parseCodexEvent(line);
      if (event.kind === 'thread_started') nameThread(event.threadId);
      else if (event.kind === 'turn_completed') facts.turnTotals.push(event.usage);
      else if (event.kind === 'turn_failed') facts.turnFailed = true;
      else if (event.kind === 'reconnecting') facts.reconnects++;
      else if (event.kind === 'rerouted' || event.kind === 'tier_omitted') remember(event);
      else if (event.kind === 'unrecognised') countUnreadable(facts.unreadable, event.reason, number);
    },
  });
}

/** No line that matters is longer. */
const TRANSCRIPT_LINE_BYTES = 4096;

function readTranscript(facts: OutputFacts, nameThread: NameThread, remember: Remember): LineSplitter {
  const read = createHumanReader();
  return createLineSplitter(
    {
      onLine: (line, number) => {
        const fact = read(line);
        if (fact?.kind === 'thread_started') nameThread(fact.threadId);
        else if (fact?.kind === 'reconnecting') facts.reconnects++;
        else if (fact?.kind === 'blended_total') takeFooter(facts, fact.tokens, number);
        else if (fact?.kind === 'model') facts.model ??= fact.model;
        else if (fact) remember(fact);
      },
    },
    TRANSCRIPT_LINE_BYTES,
  );
}

const IMPOSSIBLE_FOOTER = `the total that is printed last, with ${IMPOSSIBLE_COUNT}`;

/** The last figure is the footer's: what was read of one before it was the prompt's or the answer's. */
function takeFooter(facts: OutputFacts, tokens: number | undefined, line: number): void {
  facts.blendedTokens = tokens;
  facts.unreadable.delete(IMPOSSIBLE_FOOTER);
  if (tokens === undefined) countUnreadable(facts.unreadable, IMPOSSIBLE_FOOTER, line);
}
