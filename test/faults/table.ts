import type { Added } from './fault.js';
import { FAULTS } from './faults.js';

/** docs/reliability.md, with what has become of each fault by its name, and what was added then to the time of Codex. */
export function describeDocument(held: (name: string) => boolean, added: ReadonlyMap<string, Added>): string {
  const rows = FAULTS.map(({ name, done, codex, record }) => {
    return [held(name) ? '✓' : '✗', name, done, codex + describeAdded(added.get(name)), record];
  });
  const head = ['', 'Fault', 'What is done', 'Codex and its caller', 'The record'];
  const table = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
  return `# Reliability

What goes wrong around Codex must neither change what its caller sees nor lose a token that Codex wrote down. Each row is a
test that brings the fault about, with and without codex-metered: *same* means the same bytes and the same exit code as
without it, and the record is compared with the ledger of the API, response by response. Made by
\`npm run test:faults -- --write\`, which ends with an error when a row does not hold.

${table}

## What is kept where

- Codex's output, its signals and its end pass through one process, the front, that opens no database, no log and no session
  file. All of that is done by another one, the meter ([architecture.md](architecture.md)): whatever holds that up holds
  up nothing else. *Held up* in the table is measured on a Codex that writes a line each 10 ms: the longest that a line was
  on its way, and from the last line to the end of the run, each less what Codex alone takes.
- A change that the database does not take is tried again while Codex works where the database is locked, and for 0.3 s
  after Codex's end. Then it is kept aside as a file in \`pending\` in the state folder, or, where that cannot be written, in
  a folder of the user's alone in the system's temporary one. The meter itself tries again for ten seconds, and then the
  next \`codex-metered\` or \`codex-usage\` takes it in.
- Each change that was kept aside is taken in by itself, oldest first. One that is no JSON, that another version wrote or that
  the database does not take is moved into the folder \`refused\` beside it, with the reason in a file of the same name and
  \`.why\`; so is what is no regular file, and an entry of the mirror's queue that is none. \`codex-usage doctor\` names it.
  Nothing is deleted and nothing waits for it: after an update, move it back to have it tried again. Only where the database
  itself is locked, full, broken or gone, the round ends, and the next command goes on.
- A run that cannot be settled gets a note with the reason, is named by \`codex-usage doctor\` and tried again by each command;
  the others are settled.
- A database that was deleted or replaced is noticed at the next write: all of the run is written to the one at its path.
- At its end a run is read back from the file. Where the file does not give it, all of it is kept aside: a broken database
  may not give back what it took. Move it away, and the next command makes a new one.
- A run whose meter was killed is settled from its session file by the next command, and marked \`abandoned\`.
- Nothing is left to keep a record in where the database, the state folder and the temporary folder are all on full disks.
  The session file still holds the counts, if Codex could write it.

## When codex-metered is paused or killed

SIGSTOP and SIGKILL cannot be caught. The meter does what they would have done to Codex, had it been started alone:

- It looks five times a second whether the front is stopped, stops Codex with it, and lets it go on with it. (SIGCONT reaches
  Codex from the front as well, at once.) Codex alone is stopped, not what its tools have running, as it would be without us.
- A front that is gone without having said that Codex has ended was killed: Codex is sent SIGKILL. Its tools live on where
  they would without us; npm's launcher, where that had to be started, leaves the native Codex behind as it always does.
- Should the meter be killed, a shell that does nothing but wait takes its place for the second of these, and no longer
  for the first. A front and a meter that are killed within the same few milliseconds leave Codex running.

## What is left of a run

The meter has a session and a process group of its own, so that neither a terminal nor a signal to the group of its caller
takes it before it is done. It ignores SIGTERM for the same reason, and ends by itself: as a rule some milliseconds after
Codex, 10 s later where the database stays locked, and in any case within 30 s.

Where codex-metered is the first process of a container, its end takes the meter with it: it waits up to 5 s for the record.

## When the clock is set back

Session files are told from history by what was there when the meter began: a file that came since is new, and so is all
that follows a turn of the run in an older one. Of \`exec\` and of reviews, which begin their threads, all is new. A clock that
is set back in the tenths of a second between the start of \`codex-metered\` and the first line that a resumed thread gets
makes that turn look like history.
`;
}

function describeAdded(added: Added | undefined): string {
  if (!added) return '';
  const [line, end] = [added.lineMs, added.endMs].map((ms) => Math.max(0, Math.round(ms)));
  return `; held up by ${line} ms at most, its end by ${end} ms`;
}
