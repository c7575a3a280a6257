import { readFileSync } from 'node:fs';
import { OPTIONS } from './wrapper-options.js';

/** The text of `codex-metered --meter-help`. */
export function describeWrapper(): string {
  const rows = Object.entries(OPTIONS).map(([name, { takes, help, variable }]) => {
    const option = `  --meter-${name}${takes ? ` ${takes}` : ''}`;
    const left = option.length < 32 ? option.padEnd(32) : `${option}\n${' '.repeat(32)}`;
    return `${left}${help}${variable ? `\n${' '.repeat(32)}[${variable}]` : ''}`;
  });
  return `codex-metered runs the real Codex and records what every model response cost, as it happens.

Usage: codex-metered [--meter-…] <anything codex takes>

  codex-metered exec "fix the failing test"
  codex-metered --meter-run-id r42 --meter-phase builder exec --json - < prompt.txt

Everything but these options reaches Codex as it is; they stand before Codex's own. An option wins over its
environment variable, in brackets.

${rows.join('\n')}

What is not said is inferred: run, phase and iteration from the path of --output-last-message when it looks like
…/<run>/builder/iter-3/result.json, the phase reviewer from "exec review", the project from the git work tree,
the run from the day, and the next free iteration otherwise.
A link to codex-metered says the phase by its name: codex-metered-reviewer, -builder, -chat, -handoff, -other.

The line on what it came to is printed on stderr where a person can be assumed: stderr is a terminal, a shell with job
control started the command, Codex was not asked for JSON, and neither CI nor TERM=dumb is set.
Faults of the metering go to a log in the state folder (CODEX_METERED_STATE_DIR), never to these streams.
The exit code is Codex's own; 2: an option of ours is wrong, 99: a budget is spent, 127: there is no Codex.
What it cost: codex-usage run
More: ${readManifest().homepage}
`;
}

/** The text of `codex-metered --meter-version`. */
export function describeVersion(): string {
  return `codex-metered ${readManifest().version}\n`;
}

function readManifest(): { readonly version: string; readonly homepage: string } {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
}
