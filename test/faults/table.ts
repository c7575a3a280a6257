import { type Added, isAdded, isSwept, type Swept } from './fault.js';
import { FAULTS } from './faults.js';

/** docs/reliability.md, with what has become of each fault by its name, and what was measured then. */
export function describeDocument(
  held: (name: string) => boolean,
  measured: ReadonlyMap<string, Added | Swept>,
): string {
  const rows = FAULTS.map(({ name, done, codex, record }) => {
    const figures = measured.get(name);
    return [held(name) ? '✓' : '✗', name, done + describeSwept(figures), codex + describeAdded(figures), record];
  });
  const head = ['', 'Fault', 'What is done', 'Codex and its caller', 'The record'];
  const table = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
  return `# Reliability

Whatever goes wrong around Codex must neither change what its caller sees nor lose a token that Codex wrote down. Each row of the table is a test that brings
the fault about, with and without codex-metered. *Same* means the same bytes and the same exit code as without it, and the record is compared with the
API's ledger, response by response. \`npm run test:faults -- --write\` makes this page, and fails if a row does not hold.

${table}

*Held up* is measured on a Codex that writes a line every 10 ms: the longest time that a line was on its way, and the time from the last line to the end of the
run, each less what Codex alone takes.

## Where records go when the database does not take them

Codex's output, signals and end pass through one process, the front, which opens no database, log or session file. Another process, the meter, does that
([architecture.md](architecture.md)), so whatever holds the meter up holds up nothing else.

- **Locked.** While Codex works, the meter tries again, and for 0.3 s after Codex's end.
- **Kept aside.** Then the change becomes a file in \`pending\` in the state folder or, if that cannot be written, in a private folder in the system's temporary
  folder. The meter tries again for ten seconds; after that the next \`codex-metered\` or \`codex-usage\` takes it in.
- **Refused.** Each change is taken in by itself, oldest first. One that is no JSON, that another version wrote or that the database does not accept is moved
  into the folder \`refused\` beside it, with the reason in a file of the same name and \`.why\`. So is anything that is not a regular file, and a wrong entry of
  the mirror's queue. \`codex-usage doctor\` names it. Nothing is deleted and nothing waits for it; after an update, move it back to have it tried again. If the
  database itself is locked, full, broken or gone, the round ends, and the next command goes on.
- **Deleted or replaced.** This is noticed at the next write: all of the run is written to the database that is there now.
- **Broken.** At its end a run is read back from the file. If the file does not give it back, all of it is kept aside. Move the broken file away, and the next
  command makes a new one.
- **The meter was killed.** The next command settles the run from its session file and marks it \`abandoned\`. A run that cannot be settled gets a note with the
  reason, is named by \`codex-usage doctor\` and tried again by each command; other runs are settled.
- **Every disk is full.** If the database, the state folder and the temporary folder are all on full disks, the record is lost. The session file still has the
  counts, if Codex could write it.

## When codex-metered is paused or killed

SIGSTOP and SIGKILL cannot be caught. The meter does to Codex what they would have done to a Codex that was started alone:

- **Paused.** The meter looks five times a second whether the front is stopped, stops Codex with it, and continues it with it. (SIGCONT also reaches Codex from
  the front, at once.) Only Codex is stopped, not what its tools have running, as it would be without us.
- **Killed.** If the front is gone without having said that Codex has ended, it was killed, and Codex is sent SIGKILL. Codex's tools live on, as they would
  without us. npm's launcher, if it had to be started, leaves the native Codex behind, as it always does.
- **The meter killed too.** If the meter is killed, a waiting shell takes its place and ends Codex if the front is killed; pausing no longer works. If front and
  meter are killed within the same few milliseconds, Codex goes on.

## How long the meter stays

The meter has a session and a process group of its own, so that neither a terminal nor a signal to its caller's group ends it before it is done. It ignores
SIGTERM for the same reason. It ends by itself: usually some milliseconds after Codex, 10 s after if the database stays locked, and in any case within 30 s.

If codex-metered is the first process of a container, its end would end the meter, so it waits up to 5 s for the record.

## When the clock is set back

What is new is told by what was there when the meter began, not by time alone: a session file that was created since is new, and so is everything after the
first turn of the run in an older file. For \`exec\` and reviews, which begin their threads, everything is new. Only if the clock is set back in the tenths of a
second between the start of \`codex-metered\` and the first line that a resumed thread gets does that turn look like history.
`;
}

function describeAdded(figures: Added | Swept | undefined): string {
  if (!isAdded(figures)) return '';
  const [line, end] = [figures.lineMs, figures.endMs].map((ms) => Math.max(0, Math.round(ms)));
  return `; held up by ${line} ms at most, its end by ${end} ms`;
}

function describeSwept(figures: Added | Swept | undefined): string {
  if (!isSwept(figures)) return '';
  const [cuts, bytes] = [figures.cuts, figures.bytes].map((count) => count.toLocaleString('en'));
  return `: ${cuts} cuts of ${bytes} bytes`;
}
