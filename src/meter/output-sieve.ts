import { siftEvent, siftTranscriptLine } from '../agents/codex/sieve.js';
import { createLineSplitter } from '../io/lines.js';

/** A line of Codex's output that has a fact for the meter. */
export interface OutputLine {
  /** Undefined for a line that could not be taken: it is counted, by `problem`. */
  readonly text?: string;
  readonly problem?: string;
  /** Which line of the output it is, counted from 1. */
  readonly number: number;
  /** When it came out of Codex (epoch milliseconds). */
  readonly atMs: number;
  /** Other lines stood between it and the one that was handed on before. */
  readonly follows: 'directly' | 'others';
}

export interface OutputSieve {
  push(chunk: Buffer, atMs: number): void;
  end(): void;
}

/** Longer than any line that has a fact, and short enough to be held in memory while Codex's output passes. */
const LIMIT_BYTES = { json: 1024 * 1024, human: 4096 };

/** Takes Codex's output as it passes, and hands on the few lines that have facts. Nothing else is held or decoded. */
export function createOutputSieve(output: 'json' | 'human', onLine: (line: OutputLine) => void): OutputSieve {
  let arrivedAtMs = 0;
  let follows: OutputLine['follows'] = 'directly';
  const handOn = (line: Pick<OutputLine, 'text' | 'problem' | 'number'>) => {
    onLine({ ...line, atMs: arrivedAtMs, follows });
    follows = 'directly';
  };
  const sift = output === 'json' ? siftEvent : siftTranscriptLine;
  const wants = (head: Buffer, number: number) => {
    const sifted = sift(head);
    if (sifted === 'irrelevant') follows = 'others';
    if (sifted === 'unreadable') handOn({ problem: 'not JSON', number });
    return sifted === 'tells';
  };
  const onOverlong = (number: number) => {
    if (output === 'json') handOn({ problem: 'line too long', number });
    else follows = 'others';
  };
  const lines = createLineSplitter(
    { wants, onLine: (text, number) => handOn({ text, number }), onOverlong },
    LIMIT_BYTES[output],
  );
  return {
    push(chunk, atMs) {
      arrivedAtMs = atMs;
      lines.push(chunk);
    },
    end: lines.end,
  };
}
