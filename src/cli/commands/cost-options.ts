import { nameAgents } from '../../agents/registry.js';
import { UsageError } from '../../errors.js';
import type { CostUnit } from '../../usage/unit.js';
import type { CommandDescription, OptionDescription } from './description.js';
import { parseCount, parseTimeZone } from './option-values.js';
import { JSON_NOT_TABLE, NO_COLOR, NO_IMPORT, UNIT } from './shared-options.js';

/** What is asked of `codex-usage run` or `codex-usage session`. */
export interface CostRequest {
  readonly kind: 'run' | 'session';
  /** A whole id, the beginning of one, or undefined for the newest. */
  readonly id: string | undefined;
  readonly view: 'report' | 'list';
  /** Whether past sessions are taken in first. */
  readonly history: 'import' | 'as-it-is';
  readonly format: 'text' | 'json' | 'markdown';
  readonly detail: 'models' | 'responses';
  readonly notes: 'brief' | 'all';
  readonly extent: 'full' | 'compact';
  readonly color: 'auto' | 'never';
  readonly projectId: string | undefined;
  /** How many runs or sessions a list holds. */
  readonly limit: number;
  /** An IANA name, or undefined for the system's. */
  readonly timeZone: string | undefined;
  /** Undefined: as the settings say. */
  readonly unit: CostUnit | undefined;
}

interface Options {
  readonly list?: boolean;
  readonly last?: number;
  readonly project?: string;
  readonly breakdown?: boolean;
  readonly notes?: boolean;
  readonly compact?: boolean;
  readonly timezone?: string;
  readonly import?: boolean;
  readonly json?: boolean;
  readonly markdown?: boolean;
  readonly color: boolean;
  readonly unit?: CostUnit;
}

const LIST_LENGTH = 20;

const RUN_HELP = `
The table has a row per invocation of Codex, a row for each model or source where there are several,
the sum of each phase, and the total. Without an id it is the newest run of this directory's project,
or else the newest of all.

  ~         not all of it was reported by the API: parsed from text, or estimated by a tokenizer
  +         some responses, or fees, have no known price, so more was spent
  unpriced  none of the responses has a known price
  -         no response was recorded

Examples:
  codex-usage run                      the newest run
  codex-usage run nightly-7            that run, or the one whose id begins so
  codex-usage run --list               the newest runs
  codex-usage run --breakdown          every response of the newest run
  codex-usage run nightly-7 --json | jq .totals.costUsd
  codex-usage run --markdown >> "$GITHUB_STEP_SUMMARY"
`;

const SESSION_HELP = `
As "codex-usage run", for one Codex thread: a thread that was resumed twice has three invocations.
What its child threads (sub-agents, reviews) used is counted with the invocation that started them.
Sessions of ${nameAgents()} that were not metered are read from history: a row per thread.

Examples:
  codex-usage session                  the newest session
  codex-usage session 019a8f2e         the session whose thread id begins so
  codex-usage session --list
`;

/** `run` and `session`; `perform` is called with what is asked for. */
export function describeCostCommands(perform: (request: CostRequest) => Promise<void>): CommandDescription[] {
  return [
    {
      name: 'run',
      argument: { flags: '[id]' },
      summary: 'what a run cost, invocation by invocation',
      description: 'What a run cost: each invocation of Codex, each phase, and the total.',
      options: listOptions('run'),
      help: RUN_HELP,
      perform: (options: Options, id) => perform(parseRequest('run', id, options)),
    },
    {
      name: 'session',
      argument: { flags: '[id]' },
      summary: 'what a session cost, metered or not',
      description: `What a session cost: a thread of ${nameAgents('or')}, metered or read from history.`,
      options: [NO_IMPORT, ...listOptions('session')],
      help: SESSION_HELP,
      perform: (options: Options, id) => perform(parseRequest('session', id, options)),
    },
  ];
}

function listOptions(kind: CostRequest['kind']): OptionDescription[] {
  return [
    { flags: '-l, --list', text: `list the newest ${kind}s instead` },
    { flags: '--last <n>', text: `with --list: how many (default: ${LIST_LENGTH})`, parse: parseCount },
    { flags: '--project <id>', text: `only ${kind}s of this project` },
    { flags: '--breakdown', text: 'a row for every model response' },
    { flags: '--notes', text: 'all notes in full: fallbacks, disagreements, what was unreadable' },
    { flags: '--compact', text: 'only the most important columns' },
    {
      flags: '-z, --timezone <name>',
      text: "show times in this IANA time zone (default: the system's)",
      parse: parseTimeZone,
    },
    UNIT,
    JSON_NOT_TABLE,
    { flags: '--markdown', text: 'the report as Markdown, for the summary of a CI job' },
    NO_COLOR,
  ];
}

function parseRequest(kind: CostRequest['kind'], id: string | undefined, options: Options): CostRequest {
  if (id === '') throw new UsageError(`The id of the ${kind} is empty.`);
  if (options.list && id !== undefined) throw new UsageError(`--list lists all ${kind}s: leave out "${id}".`);
  if (options.last !== undefined && !options.list) throw new UsageError('--last says how long --list is: use both.');
  if (options.markdown && (options.json || options.list)) {
    throw new UsageError(`--markdown is a report: leave out ${options.json ? '--json' : '--list'}.`);
  }
  return {
    kind,
    id,
    view: options.list ? 'list' : 'report',
    history: kind === 'run' || options.import === false ? 'as-it-is' : 'import',
    format: options.json ? 'json' : options.markdown ? 'markdown' : 'text',
    detail: options.breakdown ? 'responses' : 'models',
    notes: options.notes ? 'all' : 'brief',
    extent: options.compact ? 'compact' : 'full',
    color: options.color ? 'auto' : 'never',
    projectId: options.project,
    limit: options.last ?? LIST_LENGTH,
    timeZone: options.timezone,
    unit: options.unit,
  };
}
