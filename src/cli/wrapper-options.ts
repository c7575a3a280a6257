import { type Given, readVariable, SETTING_VARIABLES } from '../config/settings.js';
import { BETWEEN_VALUES } from '../config/tags.js';
import { UsageError } from '../errors.js';
import { EMIT_FORMS } from '../usage/options.js';

export interface MeterOption {
  /** The environment variable that stands in for it. */
  readonly variable?: string;
  /** What its value is called in the help; a switch has none. */
  readonly takes?: string;
  readonly help: string;
}

const DESCRIBED = {
  'run-id': { variable: 'CODEX_METERED_RUN_ID', takes: 'ID', help: 'the run (loop) this invocation belongs to' },
  phase: { variable: 'CODEX_METERED_PHASE', takes: 'PHASE', help: 'builder, reviewer, chat, handoff or other' },
  iteration: { variable: 'CODEX_METERED_ITERATION', takes: 'N', help: 'the round of the phase within the run' },
  project: { variable: SETTING_VARIABLES.project, takes: 'NAME', help: 'the project; default: the git work tree' },
  tag: {
    ...{ variable: SETTING_VARIABLES.tag, takes: 'KEY=VALUE' },
    help: 'a tag of this invocation, as often as you like; the variable takes several with commas between them',
  },
  db: { variable: SETTING_VARIABLES.db, takes: 'PATH', help: 'the database to record in' },
  'cost-records': {
    ...{ variable: SETTING_VARIABLES['cost-records'], takes: 'PATH' },
    help: "another program's database, whose table cost_records is kept up to date too",
  },
  'cost-records-estimates': {
    ...{ variable: SETTING_VARIABLES['cost-records-estimates'], takes: 'replace|keep' },
    help: "what becomes of that program's own rows for what we record; default: replace",
  },
  codex: { variable: 'CODEX_METERED_CODEX', takes: 'PATH', help: 'the real Codex; default: codex on PATH' },
  'server-home': {
    ...{ variable: 'CODEX_METERED_SERVER_HOME', takes: 'DIR' },
    help: 'with exec --remote: the CODEX_HOME of that server; default: asked of its process',
  },
  'output-pattern': {
    ...{ variable: SETTING_VARIABLES['output-pattern'], takes: 'REGEX' },
    help: 'finds (?<run>…), (?<phase>…) and (?<iteration>…) in the path of --output-last-message',
  },
  'budget-usd': {
    ...{ variable: SETTING_VARIABLES['budget-usd'], takes: 'USD' },
    help: 'what this invocation may cost; run=20, day=50, week=200, month=500 for its run and its project',
  },
  'budget-tokens': {
    ...{ variable: SETTING_VARIABLES['budget-tokens'], takes: 'N' },
    help: 'the same in tokens, input and output together',
  },
  'on-budget': {
    ...{ variable: SETTING_VARIABLES['on-budget'], takes: 'stop|warn' },
    help: 'stop ends Codex and exits with 99 (default), warn says so',
  },
  'min-left': {
    ...{ variable: SETTING_VARIABLES['min-left'], takes: 'LIST' },
    help: 'what must be left of rate limits for a run to start: 5h=10%,week=5%',
  },
  'time-zone': {
    ...{ variable: SETTING_VARIABLES['time-zone'], takes: 'NAME' },
    help: "whose days count; default: the system's",
  },
  report: {
    ...{ variable: 'CODEX_METERED_REPORT', takes: 'FILE' },
    help: 'write a JSON report there at the end: usage, cost, exit code, budget',
  },
  events: {
    ...{ variable: 'CODEX_METERED_EVENTS', takes: 'FILE|fd:N' },
    help: 'append a line of JSON for each response as it happens, to a file or an open descriptor',
  },
  emit: {
    ...{ variable: 'CODEX_METERED_EMIT', takes: EMIT_FORMS.join('|') },
    help: 'with exec --json: one more line on stdout at the end, with what the run used, as a record that programs look for',
  },
  wait: {
    ...{ variable: 'CODEX_METERED_WAIT', takes: 'MS' },
    help: 'how long the end of a run may wait for its record; default: a twenty-fifth of the run, 300 at most',
  },
  summary: {
    ...{ variable: 'CODEX_METERED_SUMMARY', takes: 'WHEN' },
    help: 'the line on what it came to: auto (default; for a person), always or never',
  },
  quiet: { variable: 'CODEX_METERED_QUIET', help: 'the same as --meter-summary never' },
  off: { variable: 'CODEX_METERED_OFF', help: 'run Codex and record nothing' },
  help: { help: 'show this help' },
  version: { help: 'show the version of codex-metered' },
} satisfies Record<string, MeterOption>;

export type OptionName = keyof typeof DESCRIBED;

/** The options of codex-metered itself, by their names without `--meter-`. */
export const OPTIONS: Readonly<Record<OptionName, MeterOption>> = DESCRIBED;

export interface WrapperOptions {
  get(name: OptionName): Given | undefined;
  /** The value, or undefined where it is not given. */
  value(name: OptionName): string | undefined;
  isOn(name: 'quiet' | 'off' | 'help' | 'version'): boolean;
}

const PREFIX = '--meter-';

/**
 * Takes our own options from the front of the command line; the rest is Codex's, untouched. The option wins over the
 * environment variable. Throws a UsageError for an option that does not exist, lacks its value or stands too late.
 */
export function parseWrapperOptions(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
): { options: WrapperOptions; codexArgs: string[] } {
  const given = new Map<OptionName, string>();
  let index = 0;
  for (; argv[index]?.startsWith(PREFIX); index++) {
    const [written = '', inline] = splitAtEquals(argv[index] ?? '');
    const name = parseName(written);
    const { takes } = OPTIONS[name];
    if (takes === undefined) {
      if (inline !== undefined) throw new UsageError(`${written} takes no value.`);
      given.set(name, '1');
      continue;
    }
    const value = inline ?? argv[++index];
    if (!value) throw new UsageError(`${written} needs a value: ${written} ${takes}.`);
    const before = name === 'tag' ? given.get(name) : undefined;
    given.set(name, before === undefined ? value : before + BETWEEN_VALUES + value);
  }
  const codexArgs = argv.slice(index);
  refuseLateOptions(codexArgs);
  return { options: resolveOptions(given, env), codexArgs };
}

function parseName(written: string): OptionName {
  const name = written.slice(PREFIX.length);
  if (Object.hasOwn(OPTIONS, name)) return name as OptionName;
  throw new UsageError(`There is no option ${written}. See codex-metered --meter-help.`);
}

/** An option of ours among Codex's would reach Codex. After `--` everything is a prompt. */
function refuseLateOptions(codexArgs: readonly string[]): void {
  const end = codexArgs.indexOf('--');
  const late = codexArgs.slice(0, end === -1 ? undefined : end).find((arg) => arg.startsWith(PREFIX));
  if (late === undefined) return;
  const [written] = splitAtEquals(late);
  throw new UsageError(`${written} must stand before Codex's own arguments: codex-metered ${written} … exec …`);
}

function resolveOptions(given: ReadonlyMap<OptionName, string>, env: NodeJS.ProcessEnv): WrapperOptions {
  const get = (name: OptionName): Given | undefined => {
    const option = given.get(name);
    const { variable } = OPTIONS[name];
    const ofVariable = variable === undefined ? undefined : readVariable(variable, env);
    if (option === undefined) return ofVariable;
    return { value: option, origin: 'option', place: PREFIX + name, variable: ofVariable };
  };
  return {
    get,
    value: (name) => get(name)?.value,
    isOn: (name) => !['', '0', 'false', 'no', 'off'].includes(get(name)?.value.toLowerCase() ?? ''),
  };
}

function splitAtEquals(arg: string): [string, string | undefined] {
  const equals = arg.indexOf('=');
  return equals === -1 ? [arg, undefined] : [arg.slice(0, equals), arg.slice(equals + 1)];
}
