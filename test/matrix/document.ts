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

How the record compares with what the API reported. Real releases of Codex from npm are run by codex-metered against a scripted API that keeps a ledger
of the usage it reported. \`npm run test:matrix -- --write\` makes this page, and fails if a cell is not as good as that Codex allows.

## The record against the ledger

A cell is *exact* if all of this holds:

- The record of the last run has the same responses as the ledger, each with the same five counters and the same model, all of source \`actual\`; no
  response or thread of another run, and no note of a disagreement. The service tier is compared in rows that change it.
- The session files are imported as well: alone into an empty database, after the live record was written, and before it was, each time twice. Each time
  the record equals the ledger, nothing is there twice, the second import changes nothing, the run still has its responses, and the sums that reports
  read are those of the responses.

Where something differs, the cell says what.

${ways}

- *not in this Codex*: the subcommand or the option came later, or the requests show that this Codex does not do it (remote compaction in 0.64 needs a
  login with ChatGPT).
- *n exact, 1 estimated*: Codex 0.80 to 0.151 write nowhere what a compaction by the provider used. That response is recorded as \`estimated\`, with a note
  of the reason; the deviation is that from an o200k count of the request.
- *exact but for cache writes*: Codex before 0.145 has no counter for them, neither in its output nor in its files. They are part of the input, which is
  exact.
- *n exact, m doubtful*: two processes of Codex wrote one session file at once, and nothing tells which total is of which. What is not certain is recorded
  as \`parsed\`.
- *migrated after a rollback*: Codex itself deletes the rows of the turn that was rolled back. What was recorded before stays; an import of the file alone
  has less than was billed.
- *interactive, Esc Esc and an edit*: 0.151 goes on in a fork. If that fork's first turn is aborted while the API answers, Codex writes its parent's last
  row instead of what was used, and that row is counted ([formats.md](formats.md#pages-of-a-thread)).
- *without /proc*: the newest release of the table, with codex-metered as it is on macOS: \`/proc\` is hidden from its processes. There nothing tells the
  \`CODEX_HOME\` of a server that has another one; [passthrough.md](passthrough.md#systems-other-than-linux) says what to do.

## What no file has

Some responses that the API bills are in none of Codex's files, so no record can have them. They are left out of the table above.

- The interactive Codex has a model find a title for each thread, and writes its usage nowhere. That it happened can be seen, and the invocation gets a note
  of the kind \`uncounted\`.
- \`memories\` and \`guardianv3\`, both off by default, ask a model for their housekeeping without a trace.
- A queued turn that an \`exec resume\` overtakes is billed once and written nowhere.

A tier that a client sets for a single turn (\`serviceTierForTurn\` of the app-server) is in no file either: the response is recorded with its thread's tier.

## Side by side

How far input and output tokens together are from what the API reported: in the live record after an import, and in what ccusage's native program says of
the same session files.

${sideBySide}

## The estimate against the requests

If a provider reports no usage, responses are estimated ([estimation.md](estimation.md)). Here the API withholds the usage of loops of 1 to 10 responses with
reasoning, parallel calls and long tool output. The sums of each loop are compared with an o200k count of the requests that the API received (instructions,
tools and conversation) and of what it answered; the range is that of the ten loops. More than 10 % is an error.

${estimates}
`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
