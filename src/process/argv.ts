/** The task that Codex was given, as far as its arguments show it. Prompts are not part of it. */
export interface CodexCommand {
  /** The chain of subcommands with `e` written as `exec`: `exec`, `exec resume`, `review`, `login`. It is empty for the interactive Codex. */
  readonly name: string;
  readonly output: 'json' | 'human' | 'other';
  /**
   * Which threads it runs. `one`, with its children; `clients`: as many as its clients start in it; `interactive`: likewise,
   * in it or in a server that it shares with others; `none`.
   */
  readonly threads: 'one' | 'clients' | 'interactive' | 'none';
  /** `--ephemeral`, which a client of another server cannot ask for (0.171 refuses it beside `--remote`). */
  readonly ephemeral: boolean;
  /** `--output-last-message`, as it was given. */
  readonly outputLastMessage: string | undefined;
  /** `--cd`, as it was given. */
  readonly cd: string | undefined;
  /** `--model`, when it was given. */
  readonly model: string | undefined;
  /** The service tier that `-c` sets, by the name that the API has for it. */
  readonly serviceTier: string | undefined;
  /** `--remote`, as it was given: the address of the app-server that runs the threads in place of this process. */
  readonly remote: string | undefined;
  /** Whether Codex only prints its help or version, for which no model is called. */
  readonly asksForHelp: boolean;
}

/** Options that take a value, over all versions from 0.40 on. Others are flags, or written `--name=value`. */
const WITH_VALUE = new Set([
  ...['-c', '--config', '--enable', '--disable', '--remote', '--remote-auth-token-env', '-i', '--image'],
  ...['-m', '--model', '--local-provider', '-p', '--profile', '-s', '--sandbox', '-C', '--cd', '--add-dir'],
  ...['-a', '--ask-for-approval', '--thread-source', '--cyber-access-program', '--output-schema', '--color'],
  ...['-o', '--output-last-message', '--base', '--commit', '--title', '--listen'],
]);

const ALIASES: Record<string, string> = { e: 'exec', a: 'apply' };

const SUBCOMMANDS: Record<string, readonly string[]> = {
  '': [
    ...['exec', 'review', 'login', 'logout', 'mcp', 'mcp-server', 'plugin', 'app-server', 'remote-control', 'agents'],
    ...['completion', 'update', 'doctor', 'sandbox', 'debug', 'apply', 'resume', 'queue', 'archive', 'delete', 'fork'],
    ...['migrate-rollouts', 'migrate-nfs-db', 'unarchive', 'cloud', 'exec-server', 'features', 'help', 'proto'],
  ],
  exec: ['resume', 'fork', 'review', 'help'],
  'app-server': ['daemon', 'proxy', 'generate-ts', 'generate-json-schema', 'help'],
};

const THREADS: ReadonlyMap<string, CodexCommand['threads']> = new Map([
  ...['exec', 'exec resume', 'exec fork', 'exec review', 'review'].map((name) => [name, 'one'] as const),
  ...['app-server', 'mcp-server', 'proto'].map((name) => [name, 'clients'] as const),
  ...['', 'resume', 'fork', 'agents'].map((name) => [name, 'interactive'] as const),
]);

/** Reads Codex's arguments without changing them. Never throws: it leaves it to Codex to refuse arguments that are not known here. */
export function describeCommand(args: readonly string[]): CodexCommand {
  const { names, options, settings } = scan(args);
  const isExec = names[0] === 'exec' || names[0] === 'review';
  const json = options.has('--json') || options.has('--experimental-json');
  return {
    name: names.join(' '),
    output: isExec ? (json ? 'json' : 'human') : 'other',
    threads: THREADS.get(names.join(' ')) ?? 'none',
    ephemeral: options.has('--ephemeral') && !options.has('--remote'),
    outputLastMessage: options.get('-o') ?? options.get('--output-last-message'),
    cd: options.get('-C') ?? options.get('--cd'),
    model: options.get('-m') ?? options.get('--model'),
    serviceTier: findServiceTier(settings),
    remote: options.get('--remote') || undefined,
    asksForHelp: ['-h', '--help', '-V', '--version'].some((name) => options.has(name)) || names.includes('help'),
  };
}

/** Whether it may run threads without a session file, of which telemetry is the only evidence. */
export function mayKeepNoFile({ name, threads, ephemeral }: CodexCommand): boolean {
  return name === 'app-server' || (threads === 'one' && ephemeral);
}

/** Codex calls `fast` what the API calls `priority` (0.169). */
function findServiceTier(settings: readonly string[]): string | undefined {
  const tier = settings.map((setting) => /^\s*service_tier\s*=\s*"?(\w+)"?\s*$/.exec(setting)?.[1]).findLast(Boolean);
  return tier === 'fast' ? 'priority' : tier;
}

interface Scanned {
  readonly names: string[];
  readonly options: Map<string, string>;
  /** The settings that were given with `-c`. */
  readonly settings: string[];
}

function scan(args: readonly string[]): Scanned {
  const names: string[] = [];
  const options = new Map<string, string>();
  const settings: string[] = [];
  let positionals = 0;
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? '';
    if (arg === '--') break;
    if (arg.startsWith('-') && arg !== '-') {
      const [name, value] = splitOption(arg);
      const takesNext = value === undefined && WITH_VALUE.has(name);
      const given = (takesNext ? args[++index] : value) ?? '';
      options.set(name, given);
      if (name === '-c' || name === '--config') settings.push(given);
      continue;
    }
    // A subcommand comes before the first positional of its parent: `exec "resume the work"` is a prompt.
    const name = ALIASES[arg] ?? arg;
    if (positionals === 0 && SUBCOMMANDS[names.join(' ')]?.includes(name)) names.push(name);
    else positionals++;
  }
  return { names, options, settings };
}

/** Splits `--name=value` and `-Cvalue`. The value is undefined when the next argument may be the value. */
function splitOption(arg: string): [name: string, value: string | undefined] {
  if (arg.startsWith('--')) {
    const equals = arg.indexOf('=');
    return equals === -1 ? [arg, undefined] : [arg.slice(0, equals), arg.slice(equals + 1)];
  }
  if (arg.length > 2 && WITH_VALUE.has(arg.slice(0, 2))) return [arg.slice(0, 2), arg.slice(2).replace(/^=/, '')];
  return [arg, undefined];
}
