import { UsageError } from '../../errors.js';
import type { CommandDescription } from './description.js';
import { JSON_NOT_TEXT, NO_COLOR } from './shared-options.js';

/** What is asked of `codex-usage mirror`. */
export interface MirrorRequest {
  readonly kind: 'status' | 'undo' | 'redo';
  /** Another program's database, as it was given; undefined: the one that is set. */
  readonly path: string | undefined;
  readonly format: 'text' | 'json';
  readonly color: 'auto' | 'never';
}

interface Options {
  readonly undo?: boolean;
  readonly redo?: boolean;
  readonly json?: boolean;
  readonly color: boolean;
}

const HELP = `
A program with a table cost_records of its own has it filled where CODEX_METERED_COST_RECORDS, or cost_records in
codex-metered.toml, names its database: docs/runner.md. What waits for it is tried again first.

--undo takes all rows of ours out of that table and puts back those of its own that ours took the place of, exactly
as they were. It can be said again, and --redo has them written once more. What is metered afterwards is still
written there: take the setting away to end that.

Examples:
  codex-usage mirror                          what stands there, and what waits
  codex-usage mirror --undo                   give the table back as it would be without us
  codex-usage mirror --undo center.db         that database, where several are filled
`;

/** `mirror`; `perform` is called with what is asked for. */
export function describeMirrorCommand(perform: (request: MirrorRequest) => Promise<void>): CommandDescription {
  return {
    name: 'mirror',
    argument: { flags: '[database]', text: "another program's database; default: the one that is set" },
    summary: "what stands in another program's cost_records, and how to take it out",
    description: "Shows what stands of the record in another program's table cost_records, or takes it out of there.",
    options: [
      { flags: '--undo', text: "take ours out, and put back the program's own rows that ours took the place of" },
      { flags: '--redo', text: 'write again what --undo has taken out' },
      JSON_NOT_TEXT,
      NO_COLOR,
    ],
    help: HELP,
    perform: ({ undo, redo, json, color }: Options, path) => {
      if (undo && redo) throw new UsageError('--undo and --redo are opposites: say one of them.');
      const kind = undo ? 'undo' : redo ? 'redo' : 'status';
      return perform({ kind, path, format: json ? 'json' : 'text', color: color ? 'auto' : 'never' });
    },
  };
}
