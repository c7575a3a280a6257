import * as z from 'zod/mini';

/** A command line of codex-usage, without `--json`. */
export type CommandLine = readonly string[];

export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: z.ZodMiniObject;
  /**
   * The command lines that answer a call, in the order in which they are tried: the next one where the one before knows no
   * run or session of that name. `asking` is the run whose Codex has started this server.
   */
  readonly toCommands: (input: never, asking: AskingRun | undefined) => readonly Question[];
}

/** The same question twice: `--json` is added to the first, and the second gives the text. */
export interface Question {
  readonly data: CommandLine;
  readonly text: CommandLine;
}

export interface AskingRun {
  readonly projectId: string | undefined;
  readonly runId: string;
}

/** The text names so many invocations, the others are one row. The data has all of them. */
const ROWS_IN_TEXT = '10';
/** How many entries `period` has where the call does not say it. */
const USUAL_LAST = { day: '7', week: '4', month: '3', model: '30', project: '30', phase: '30' } as const;
const COMMAND_OF = {
  ...{ day: 'daily', week: 'weekly', month: 'monthly' },
  ...{ model: 'model', project: 'project', phase: 'phase' },
} as const;

const day = z.string().check(z.regex(/^\d{4}-?\d{2}-?\d{2}$/, 'must be a day such as 2026-11-24'));
const count = z.number().check(z.int(), z.positive());

const SELECTOR = describe(
  z.optional(z.string().check(z.minLength(1))),
  "A run (r42), its phase (r42/reviewer), an iteration of one phase (r42/reviewer/3) or of all (r42//3), or the beginning of a session's thread id. Without it: the run that asks, or else the newest run of this folder.",
);
const PROJECT = describe(z.optional(z.string()), 'Only this project.');
const MODEL = describe(z.optional(z.string()), 'Only this model, or those that a pattern such as "gpt-5*" means.');

export const TOOLS: readonly Tool[] = [
  {
    name: 'cost',
    title: 'What a run or session cost',
    description:
      'What a run, a part of it, or a session cost so far: tokens and USD by invocation, phase and iteration, and the total. costUsd null means that no price is known.',
    input: z.strictObject({ selector: SELECTOR, project: PROJECT, model: MODEL }),
    toCommands: askForCost,
  },
  {
    name: 'why',
    title: 'Why it cost that',
    description:
      'Why a run, an iteration or a session cost what it cost: its cost by kind of token, the causes of the dearest responses, and what to change.',
    input: z.strictObject({ selector: SELECTOR, project: PROJECT }),
    toCommands: (input: SelectorInput, asking) => both(['why', '--no-import', ...select(input, asking)]),
  },
  {
    name: 'budget',
    title: 'What is left of the budget',
    description:
      'How much of each limit is spent and left, for how many more iterations that lasts at the pace of the run, and of which rate limit too little is left.',
    input: z.strictObject({
      run: describe(z.optional(z.string()), 'The run whose limits are meant. Without it: the run that asks.'),
      project: describe(z.optional(z.string()), 'The project whose limits are meant. Without it: that of this folder.'),
    }),
    toCommands: ({ run, project }: { run?: string; project?: string }, asking) => {
      const isAsking = run === undefined && project === undefined;
      return both([
        'budget',
        ...option('run', isAsking ? asking?.runId : run),
        ...option('project', isAsking ? asking?.projectId : project),
      ]);
    },
  },
  {
    name: 'period',
    title: 'What was spent over time',
    description: 'What each day, week or month cost, or each model, project or phase over a span of days.',
    input: z.strictObject({
      by: describe(
        z.enum(['day', 'week', 'month', 'model', 'project', 'phase']),
        'What has a row. model, project and phase are sums over the span.',
      ),
      since: describe(z.optional(day), 'From this day on: YYYY-MM-DD.'),
      until: describe(z.optional(day), 'Up to this day, inclusive.'),
      last: describe(
        z.optional(count),
        'The last n days, weeks or months, instead of since (7 days, 4 weeks, 3 months where nothing is said; 30 days for model, project and phase).',
      ),
      project: PROJECT,
      model: MODEL,
    }),
    toCommands: (input: PeriodInput) => {
      const { by, since, until, last, project, model } = input;
      const usual = since === undefined ? USUAL_LAST[by] : undefined;
      return both([
        ...[COMMAND_OF[by], '--no-import'],
        ...[...option('since', since), ...option('until', until), ...option('last', last?.toString() ?? usual)],
        ...[...option('project', project), ...option('model', model)],
      ]);
    },
  },
  {
    name: 'compare',
    title: 'What costs more',
    description:
      'Runs, models, branches, projects, phases or spans of time side by side: in all, per iteration and per completed run.',
    input: z.strictObject({
      what: describe(
        z.optional(z.array(z.string().check(z.minLength(1))).check(z.maxLength(10))),
        'The first is what the others are compared with: r42, r42/reviewer, model:gpt-5.4, branch:main, project:shop, phase:reviewer, 2026-11, 2026-11-01..2026-11-14, last-week. Without it: the newest run of this folder, and the one before.',
      ),
      as: describe(
        z.optional(z.string()),
        'The same responses at the price of this model too: arithmetic, no forecast.',
      ),
      project: PROJECT,
      phase: describe(z.optional(z.string()), 'Only this phase: builder, reviewer, …'),
      model: MODEL,
    }),
    toCommands: ({ what = [], as, project, phase, model }: CompareInput) =>
      both([
        ...['compare', '--no-import', ...option('as', as), ...option('project', project)],
        ...[...option('phase', phase), ...option('model', model), '--', ...what],
      ]),
  },
];

interface CompareInput {
  readonly what?: readonly string[];
  readonly as?: string;
  readonly project?: string;
  readonly phase?: string;
  readonly model?: string;
}

interface PeriodInput {
  readonly by: keyof typeof COMMAND_OF;
  readonly since?: string;
  readonly until?: string;
  readonly last?: number;
  readonly project?: string;
  readonly model?: string;
}

interface SelectorInput {
  readonly selector?: string;
  readonly project?: string;
  readonly model?: string;
}

/** A selector may name a run, or else a session, which is another command. */
function askForCost(input: SelectorInput, asking: AskingRun | undefined): readonly Question[] {
  const options = select(input, asking);
  const ask = (...command: string[]): Question => ({
    data: [...command, ...options],
    text: [...command, '--compact', '--top', ROWS_IN_TEXT, ...options],
  });
  return input.selector === undefined ? [ask('run')] : [ask('run'), ask('session', '--no-import')];
}

/** The last arguments of a command that takes a selector. */
function select({ selector, project, model }: SelectorInput, asking: AskingRun | undefined): CommandLine {
  const asked = selector === undefined && project === undefined ? asking : undefined;
  const named = selector ?? asked?.runId;
  return [
    ...option('project', project ?? asked?.projectId),
    ...option('model', model),
    ...(named === undefined ? [] : ['--', named]),
  ];
}

function both(line: CommandLine): readonly Question[] {
  return [{ data: line, text: line }];
}

/** One argument, so that a value which begins with a dash is not taken for an option. */
function option(name: string, value: string | undefined): string[] {
  return value === undefined ? [] : [`--${name}=${value}`];
}

function describe<Schema extends z.ZodMiniType>(schema: Schema, description: string): Schema {
  z.globalRegistry.add(schema, { description });
  return schema;
}
