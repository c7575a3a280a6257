import type { EstimateErrors } from './estimates.js';
import type { Verdict } from './verdict.js';

export interface Results {
  readonly releases: readonly string[];
  /** By the name of the way: a verdict for each release. */
  readonly ways: ReadonlyMap<string, readonly Verdict[]>;
  readonly estimates: readonly EstimateErrors[];
}

/** The table of ways and the table of estimates, for each release. */
export function describeResults({ releases, ways, estimates }: Results): { ways: string; estimates: string } {
  return {
    ways: table(
      ['', ...releases],
      [...ways].map(([name, verdicts]) => [name, ...verdicts.map(({ text }) => text)]),
    ),
    estimates: table(
      ['Codex', 'input', 'output'],
      estimates.map(({ input, output }, index) => [releases[index] ?? '', input, output]),
    ),
  };
}

export function describeDocument({ ways, estimates }: { ways: string; estimates: string }): string {
  return `# Accuracy

Real releases of Codex from npm, run by codex-metered against a scripted API that keeps a ledger of what it reported.
Made by \`npm run test:matrix -- --write\`, which ends with an error when a cell is not as good as that Codex allows.

## The record against the ledger

A cell is *exact* when the record of the last run holds the same responses as the ledger, each with the same five
counters and the same model, all of source \`actual\`. A response or a thread of another run, or a note of a disagreement, fails it.

${ways}

*not in this Codex*: the subcommand or the option came later, or its requests show that it did not do it (remote
compaction in 0.64 takes a login with ChatGPT). *n exact, 1 estimated*: Codex 0.80 to 0.140 keep nowhere what a compaction
by the provider used, so that response is recorded as \`estimated\`, with a note of the reason; the deviation is that from an
o200k count of the request. *exact but for cache writes*: Codex before 0.145 has no counter for them, neither in its output
nor in its files; they are within the input, which is exact.

## The estimate against the requests

Loops of 1 to 10 responses whose usage the API withholds, with thoughts, parallel calls and long tool output. The sums of
each loop are held against an o200k count of the requests that the API received (instructions, tools and conversation) and
of what it answered; the range is that of the ten loops. More than 10 % is an error. [estimation.md](estimation.md) says how
it is done and what it cannot know.

${estimates}
`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
