import * as z from 'zod/mini';

/** A command line of codex-usage, without `--json`. */
export type CommandLine = readonly string[];

/** The same question twice: `--json` is added to the first, and the second gives the text. */
export interface Question {
  readonly data: CommandLine;
  readonly text: CommandLine;
}

export interface AskingRun {
  readonly projectId: string | undefined;
  readonly runId: string;
}

interface Tool<Input extends z.ZodMiniObject> {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly input: Input;
  /**
   * The command lines that answer a call, in the order in which they are tried: the next one where the one before knows no
   * run or session of that name. `asking` is the run whose Codex has started this server.
   */
  toCommands(input: z.infer<Input>, asking: AskingRun | undefined): readonly Question[];
}

/** The text names so many invocations, the others are one row. The data has all of them. */
const ROWS_IN_TEXT = '10';
/** The command of each `by` of the tool `period`, and how many entries it has where the call does not say it. */
const PERIODS = {
  day: ['daily', 7],
  week: ['weekly', 4],
  month: ['monthly', 3],
  model: ['model', 30],
  project: ['project', 30],
  phase: ['phase', 30],
} as const;

const DAY = z.string().check(z.regex(/^\d{4}-?\d{2}-?\d{2}$/, 'must be a day such as 2026-11-24'));
const NAME = z.string().check(z.minLength(1));

const SELECTOR = optional(
  "A run (r42), its phase (r42/reviewer), an iteration of one phase (r42/reviewer/3) or of all (r42//3), or the beginning of a session's thread id. Without it: the run that asks, or else the newest run of this folder.",
  NAME,
);
const PROJECT = optional('Only this project.');
const MODEL = optional('Only this model, or those that a pattern such as "gpt-5*" means.');

export const TOOLS = [
  define({
    name: 'cost',
    title: 'What a run or session cost',
    description:
      'What a run, a part of it, or a session cost so far: tokens and USD by invocation, phase and iteration, and the total. costUsd null means that no price is known.',
    input: z.strictObject({ selector: SELECTOR, project: PROJECT, model: MODEL }),
    toCommands(input, asking) {
      const options = select(input, asking);
      const ask = (...command: string[]): Question => ({
        data: [...command, ...options],
        text: [...command, '--compact', '--top', ROWS_IN_TEXT, ...options],
      });
      // A selector may name a run, or else a session, which is another command.
      return input.selector === undefined ? [ask('run')] : [ask('run'), ask('session', '--no-import')];
    },
  }),
  define({
    name: 'why',
    title: 'Why it cost that',
    description:
      'Why a run, an iteration or a session cost what it cost: its cost by kind of token, the causes of the dearest responses, and what to change.',
    input: z.strictObject({ selector: SELECTOR, project: PROJECT }),
    toCommands: (input, asking) => both('why', '--no-import', ...select(input, asking)),
  }),
  define({
    name: 'budget',
    title: 'What is left of the budget',
    description:
      'How much of each limit is spent and left, for how many more iterations that lasts at the pace of the run, and of which rate limit too little is left.',
    input: z.strictObject({
      run: optional('The run whose limits are meant. Without it: the run that asks.'),
      project: optional('The project whose limits are meant. Without it: that of this folder.'),
    }),
    toCommands({ run, project }, asking) {
      const isAsking = run === undefined && project === undefined;
      return both(
        'budget',
        ...toOptions(isAsking ? { run: asking?.runId, project: asking?.projectId } : { run, project }),
      );
    },
  }),
  define({
    name: 'period',
    title: 'What was spent over time',
    description: 'What each day, week or month cost, or each model, project or phase over a span of days.',
    input: z.strictObject({
      by: describe(
        z.enum(['day', 'week', 'month', 'model', 'project', 'phase']),
        'What has a row. model, project and phase are sums over the span.',
      ),
      since: optional('From this day on: YYYY-MM-DD.', DAY),
      until: optional('Up to this day, inclusive.', DAY),
      last: optional(
        'The last n days, weeks or months, instead of since (7 days, 4 weeks, 3 months where nothing is said; 30 days for model, project and phase).',
        z.number().check(z.int(), z.positive()),
      ),
      project: PROJECT,
      model: MODEL,
    }),
    toCommands({ by, last, ...filters }) {
      const [command, usual] = PERIODS[by];
      const shown = last ?? (filters.since === undefined ? usual : undefined);
      return both(command, '--no-import', ...toOptions({ ...filters, last: shown }));
    },
  }),
  define({
    name: 'compare',
    title: 'What costs more',
    description:
      'Runs, models, branches, projects, phases or spans of time side by side: in all, per iteration and per completed run.',
    input: z.strictObject({
      what: optional(
        'The first is what the others are compared with: r42, r42/reviewer, model:gpt-5.4, branch:main, project:shop, phase:reviewer, 2026-11, 2026-11-01..2026-11-14, last-week. Without it: the newest run of this folder, and the one before.',
        z.array(NAME).check(z.maxLength(10)),
      ),
      as: optional('The same responses at the price of this model too: arithmetic, no forecast.'),
      project: PROJECT,
      phase: optional('Only this phase: builder, reviewer, …'),
      model: MODEL,
    }),
    toCommands: ({ what = [], ...options }) => both('compare', '--no-import', ...toOptions(options), '--', ...what),
  }),
];

/** Gives `toCommands` the types of the input. */
function define<Input extends z.ZodMiniObject>(tool: Tool<Input>): Tool<z.ZodMiniObject> {
  return tool as never;
}

type SelectorInput = Partial<Record<'selector' | 'project' | 'model', string | undefined>>;

/** The last arguments of a command that takes a selector. */
function select({ selector, project, model }: SelectorInput, asking: AskingRun | undefined): CommandLine {
  const asked = selector === undefined && project === undefined ? asking : undefined;
  const named = selector ?? asked?.runId;
  const options = toOptions({ project: project ?? asked?.projectId, model });
  return named === undefined ? options : [...options, '--', named];
}

function both(...line: string[]): readonly Question[] {
  return [{ data: line, text: line }];
}

/** Each is one argument, so that a value which begins with a dash is not taken for an option. */
function toOptions(values: Readonly<Record<string, string | number | undefined>>): string[] {
  return Object.entries(values).flatMap(([name, value]) => (value === undefined ? [] : `--${name}=${value}`));
}

function optional<Schema extends z.ZodMiniType = z.ZodMiniString>(description: string, schema?: Schema) {
  return describe(z.optional((schema ?? z.string()) as Schema), description);
}

function describe<Schema extends z.ZodMiniType>(schema: Schema, description: string): Schema {
  z.globalRegistry.add(schema, { description });
  return schema;
}
