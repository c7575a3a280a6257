import { parseCodexEvent } from '../formats/codex-events.js';
import { createHumanReader } from '../formats/codex-human.js';
import { createLineSplitter, type LineSplitter } from '../io/lines.js';
import type { Usage } from '../usage/usage.js';

/** What Codex's own output has said so far. It is evidence of second rank: see docs/how-it-counts.md. */
export interface OutputFacts {
  threadId: string | undefined;
  /** What each `turn.completed` claims. */
  readonly turnTotals: Usage[];
  turnFailed: boolean;
  reconnects: number;
  /** The footer of the human-readable output: input − cached input + output of the whole thread. */
  blendedTokens: number | undefined;
  readonly unreadable: Map<string, number>;
}

export interface OutputReader {
  readonly facts: OutputFacts;
  push(chunk: Buffer): void;
  end(): void;
}

/** Reads the `--json` stream or the human-readable one along. `onThread` is called when Codex names the thread. */
export function createOutputReader(output: 'json' | 'human', onThread: (threadId: string) => void): OutputReader {
  const facts: OutputFacts = {
    threadId: undefined,
    turnTotals: [],
    turnFailed: false,
    reconnects: 0,
    blendedTokens: undefined,
    unreadable: new Map(),
  };
  const nameThread = (threadId: string) => {
    facts.threadId ??= threadId;
    onThread(threadId);
  };
  const splitter = output === 'json' ? readEvents(facts, nameThread) : readTranscript(facts, nameThread);
  return { facts, push: splitter.push, end: splitter.end };
}

// Items (answers, tool output) are most of the stream and say nothing of usage: they are not decoded.
const ITEM = Buffer.from('{"type":"item.');

function readEvents(facts: OutputFacts, nameThread: (threadId: string) => void): LineSplitter {
  const count = (reason: string) => facts.unreadable.set(reason, (facts.unreadable.get(reason) ?? 0) + 1);
  return createLineSplitter({
    wants: (head) => head.compare(ITEM, 0, ITEM.length, 0, Math.min(ITEM.length, head.length)) !== 0,
    onOverlong: () => count('line too long'),
    onLine: (line) => {
      const event = parseCodexEvent(line);
      if (event.kind === 'thread_started') nameThread(event.threadId);
      else if (event.kind === 'turn_completed') facts.turnTotals.push(event.usage);
      else if (event.kind === 'turn_failed') facts.turnFailed = true;
      else if (event.kind === 'reconnecting') facts.reconnects++;
      else if (event.kind === 'unrecognised') count(event.reason);
    },
  });
}

/** No line that matters is longer. */
const TRANSCRIPT_LINE_BYTES = 4096;

function readTranscript(facts: OutputFacts, nameThread: (threadId: string) => void): LineSplitter {
  const read = createHumanReader();
  return createLineSplitter(
    {
      onLine: (line) => {
        const fact = read(line);
        if (fact?.kind === 'thread_started') nameThread(fact.threadId);
        else if (fact?.kind === 'reconnecting') facts.reconnects++;
        else if (fact?.kind === 'blended_total') facts.blendedTokens = fact.tokens;
      },
    },
    TRANSCRIPT_LINE_BYTES,
  );
}
