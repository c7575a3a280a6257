import { CCUSAGE_VERSION } from '../harness/ccusage.js';
import type { EstimateErrors } from './estimates.js';
import type { Comparison } from './side-by-side.js';
import type { Verdict } from './verdict.js';

export interface Results {
  readonly releases: readonly string[];
  /** By the name of the way: a verdict for each release. */
  readonly ways: ReadonlyMap<string, readonly Verdict[]>;
  readonly estimates: readonly EstimateErrors[];
  /** The release on which ccusage is asked as well, and what it said, by the name of the way. */
  readonly current: string;
  readonly comparisons: ReadonlyMap<string, Comparison>;
}

export interface Tables {
  readonly ways: string;
  readonly sideBySide: string;
  readonly estimates: string;
}

/** The table of ways, the one that has ccusage beside us, and the one of estimates. */
export function describeResults({ releases, ways, estimates, current, comparisons }: Results): Tables {
  return {
    ways: table(
      ['', ...releases],
      [...ways].map(([name, verdicts]) => [name, ...verdicts.map(({ text }) => text)]),
    ),
    sideBySide: describeComparisons(current, [...ways.keys()], comparisons),
    estimates: table(
      ['Codex', 'input', 'output'],
      estimates.map(({ input, output }, index) => [releases[index] ?? '', input, output]),
    ),
  };
}

function describeComparisons(
  current: string,
  names: readonly string[],
  comparisons: ReadonlyMap<string, Comparison>,
): string {
  if (comparisons.size === 0) return `Not run: Codex ${current} was not among the releases.`;
  const rows = names.flatMap((name) => {
    const comparison = comparisons.get(name);
    return comparison ? [[name, comparison.ours, comparison.ccusage ?? 'not run']] : [];
  });
  const comparison = table([`Codex ${current}`, 'codex-metered', `ccusage ${CCUSAGE_VERSION}`], rows);
  if ([...comparisons.values()].every(({ ccusage }) => ccusage !== undefined)) return comparison;
  return `${comparison}\n\n*not run*: the registry gave no native program of ccusage for this machine.`;
}

export function describeDocument({ ways, sideBySide, estimates }: Tables): string {
  return `# Accuracy

Real releases of Codex from npm, run by codex-metered against a scripted API that keeps a ledger of what it reported.
Made by \`npm run test:matrix -- --write\`, which ends with an error when a cell is not as good as that Codex allows.

## The record against the ledger

A cell is *exact* when the record of the last run holds the same responses as the ledger, each with the same five
counters and the same model, all of source \`actual\`. A response or a thread of another run, or a note of a disagreement, fails it.
The session files are imported as well: alone into an empty database, after the live record was written, and before it was
(the record is kept aside meanwhile), each time twice. A cell is exact only when what is recorded then equals the ledger, too,
nothing stands there twice, the second import changes nothing, the run still has what is its own, and the sums that the
reports read are those of the responses. Where they differ, the cell says which.

${ways}

*not in this Codex*: the subcommand or the option came later, or its requests show that it did not do it (remote
compaction in 0.64 takes a login with ChatGPT). *n exact, 1 estimated*: Codex 0.80 to 0.151 keep nowhere what a compaction
by the provider used, so that response is recorded as \`estimated\`, with a note of the reason; the deviation is that from an
o200k count of the request. *exact but for cache writes*: Codex before 0.145 has no counter for them, neither in its output
nor in its files; they are within the input, which is exact. *n exact, m doubtful*: two processes of Codex wrote one session
file at once, and which of its totals is whose is told nowhere; what is not certain is recorded as \`parsed\`. In
*migrated after a rollback* Codex itself deletes the rows of the turn that was rolled back: what was recorded before stays, and
an import of the file alone holds less than was billed. The service tier is compared where a way changes it. On Esc Esc and an edit 0.151
goes on in a fork; where that fork's first turn is aborted while the API answers, Codex writes its parent's last row instead
of what was used, which is then counted in its place ([formats.md](formats.md#pages-of-a-thread)).

*without /proc*: the newest release of the table, with codex-metered as it is on macOS: \`/proc\` is hidden from its processes. Which
\`CODEX_HOME\` a server of another one has, nothing tells there: [passthrough.md](passthrough.md) says what to do.

## What no file tells

Some responses that the API bills stand in none of Codex's files, so no record of a session can hold them. They are left out
of the tables above.

- The interactive Codex has a model find a title for each thread, in a thread that it keeps nowhere. That it happened can be
  seen, and the invocation gets a note of the kind \`uncounted\`.
- \`memories\` and \`guardianv3\`, both off by default, ask a model for their housekeeping without a trace.
- A queued turn that an \`exec resume\` overtakes is billed once and written nowhere.
- A tier that a client asks for one turn alone (\`serviceTierForTurn\` of the app-server): the response is recorded, at its
  thread's tier.

## Side by side

What the live record holds after an import, and what ccusage's native program says of the same session files: how far input
and output tokens together are from what the API reported.

${sideBySide}

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
