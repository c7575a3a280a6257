import { FAULTS } from './faults.js';

/** docs/reliability.md, with what has become of each fault by its name. */
export function describeDocument(held: (name: string) => boolean): string {
  const rows = FAULTS.map(({ name, done, codex, record }) => [held(name) ? '✓' : '✗', name, done, codex, record]);
  const head = ['', 'Fault', 'What is done', 'Codex and its caller', 'The record'];
  const table = [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n');
  return `# Reliability

What goes wrong around Codex must neither change what its caller sees nor lose a token that Codex wrote down. Each row is a
test that brings the fault about, with and without codex-metered: *same* means the same bytes and the same exit code as
without it, and the record is compared with the ledger of the API, response by response. Made by
\`npm run test:faults -- --write\`, which ends with an error when a row does not hold.

${table}

## What is kept where

- A change that the database does not take is tried again while Codex works where the database is locked, and for 0.3 s
  after Codex's end. Then it is kept aside as a file in \`pending\` in the state folder, or, where that cannot be written, in
  a folder of the user's alone in the system's temporary one. The next \`codex-metered\` or \`codex-usage\` takes it in.
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
- A run whose \`codex-metered\` was killed is settled from its session file by the next command, and marked \`abandoned\`.
- Nothing is left to keep a record in where the database, the state folder and the temporary folder are all on full disks.
  The session file still holds the counts, if Codex could write it.

## When codex-metered is paused

SIGSTOP cannot be caught, and nobody tells a process that another one was stopped: a runner that sends it to the process of
codex-metered alone stops the metering, not Codex. Codex works on until it has filled the pipe between us (less than 1 MB),
then waits in its next write; where its output is not read along (on a terminal, \`2>&1\` into one file) it does not wait at
all. After SIGCONT everything is passed on and counted. To pause Codex too, stop the process group
(\`kill -STOP -- -PGID\`), as a terminal does at Ctrl-Z.

## When codex-metered is killed

SIGKILL cannot be caught either. Codex gets no signal: it works on until it next writes to the stream that was read along,
and the broken pipe ends it, as it does behind npm's launcher. To kill both, kill the process group. What the first
tenths of a second used, before the run is in the database, is in the session file alone.

## When the clock is set back

Session files are told from history by what was there when the run began: a file that came since is new, and so is all
that follows a turn of the run in an older one. A clock that is set back in the tenths of a second between the start of
\`codex-metered\` and the first line that a resumed thread gets makes that turn look like history.
`;
}
