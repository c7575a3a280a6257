import { OPTIONS } from '../wrapper-options.js';
import { type Command, defineCommand, listOptions, loadAll, nameOption } from './command.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

const EXPLANATION = `
Prints a script that has the shell complete codex-usage and the --meter-… options of codex-metered.

  bash   echo 'source <(codex-usage completion bash)' >> ~/.bashrc
  zsh    echo 'source <(codex-usage completion zsh)' >> ~/.zshrc     below compinit
  fish   codex-usage completion fish > ~/.config/fish/completions/codex-usage.fish
         cp ~/.config/fish/completions/codex-usage.fish ~/.config/fish/completions/codex-metered.fish
`;

export const completion = defineCommand({
  name: 'completion',
  argument: { placeholder: '<shell>', choices: SHELLS },
  summary: 'a script for the completion of bash, zsh or fish',
  description: 'Prints a script that has the shell complete these commands and their options.',
  options: {},
  help: EXPLANATION,
  async run({ host, commands, argument: shell }) {
    host.stdout.write(writeCompletion(shell as Shell, await loadAll(commands)));
    return 0;
  },
});

/** What a completion script says of a command. */
interface Completed {
  readonly name: string;
  readonly summary: string;
  /** The values of its argument, where there are only some. */
  readonly choices: readonly string[];
  readonly options: readonly CompletedOption[];
}

type CompletedOption = ReturnType<typeof listCompleted>[number];

const HELP: CompletedOption = { long: 'help', short: 'h', text: 'explain it', takesValue: false, choices: [] };
const VERSION: CompletedOption = { ...HELP, long: 'version', short: 'v', text: 'show the version' };

/** Returns a script for `shell` that completes codex-usage, and the --meter-… options of codex-metered. */
function writeCompletion(shell: Shell, described: readonly Command[]): string {
  const commands = described.map((command) => {
    const { name, summary, argument } = command;
    return { name, summary, choices: argument?.choices ?? [], options: [...listCompleted(command), HELP] };
  });
  const help = { name: 'help', summary: 'explain a command', choices: commands.map(({ name }) => name), options: [] };
  return { bash: writeBash, zsh: writeZsh, fish: writeFish }[shell]([...commands, help], listMeterOptions());
}

function listCompleted(command: Command) {
  return listOptions(command).map(({ name, short, value, text, choices = [] }) => {
    const long = nameOption(name).slice('--'.length);
    return { long, short, text, takesValue: value?.startsWith('<') ?? false, choices };
  });
}

function listMeterOptions(): CompletedOption[] {
  return Object.entries(OPTIONS).map(([name, { takes, help }]) => {
    const choices = takes?.includes('|') && !/[A-Z]/.test(takes) ? takes.split('|') : [];
    return { long: `meter-${name}`, short: undefined, text: help, takesValue: takes !== undefined, choices };
  });
}

type Writer = (commands: readonly Completed[], meterOptions: readonly CompletedOption[]) => string;

/** `-o default` has bash offer files where the script offers nothing. */
const writeBash: Writer = (commands, meterOptions) => `# bash completion of codex-usage and codex-metered
_codex_usage() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]} command= words= word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case $word in
      ${commands.map(({ name }) => name).join('|')}) command=$word; break ;;
    esac
  done
  COMPREPLY=()
  case "$command $prev" in
${commands.flatMap(({ name, options }) => options.filter(({ takesValue }) => takesValue).map((option) => bashValue(name, option))).join('\n')}
  esac
  case $command in
    '') words='${[...commands.map(({ name }) => name), ...bashWords([HELP, VERSION])].join(' ')}' ;;
${commands.map(({ name, choices, options }) => `    ${name}) words='${[...choices, ...bashWords(options)].join(' ')}' ;;`).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
_codex_metered() {
  COMPREPLY=()
  case \${COMP_WORDS[COMP_CWORD]} in
    --*) COMPREPLY=($(compgen -W '${bashWords(meterOptions).join(' ')}' -- "\${COMP_WORDS[COMP_CWORD]}")) ;;
  esac
}
complete -o default -F _codex_usage codex-usage
complete -o default -F _codex_metered codex-metered
`;

function bashWords(options: readonly CompletedOption[]): string[] {
  return options.map(({ long }) => `--${long}`);
}

function bashValue(command: string, { long, short, choices }: CompletedOption): string {
  const patterns = [`'${command} --${long}'`, ...(short ? [`'${command} -${short}'`] : [])].join(' | ');
  return `    ${patterns}) COMPREPLY=($(compgen -W '${choices.join(' ')}' -- "$cur")); return ;;`;
}

const writeZsh: Writer = (commands, meterOptions) => `#compdef codex-usage codex-metered
# zsh completion of codex-usage and codex-metered
_codex_usage() {
  local curcontext=$curcontext state line
  local -a commands
  commands=(
${commands.map(({ name, summary }) => `    ${quote(`${name}:${summary}`)}`).join('\n')}
  )
  _arguments -C ${[HELP, VERSION].map(zshOption).join(' ')} '1:command:->command' '*::argument:->argument'
  case $state in
    command) _describe command commands ;;
    argument)
      case $line[1] in
${commands.map((command) => `        ${command.name}) _arguments ${zshArguments(command)} ;;`).join('\n')}
      esac ;;
  esac
}
_codex_metered() {
  _arguments ${meterOptions.map(zshOption).join(' ')} '*:file:_files'
}
compdef _codex_usage codex-usage
compdef _codex_metered codex-metered
`;

function zshArguments({ choices, options }: Completed): string {
  const argument = choices.length > 0 ? quote(`1:argument:(${choices.join(' ')})`) : "'*:file:_files'";
  return [...options.map(zshOption), argument].join(' ');
}

function zshOption({ long, short, text, takesValue, choices }: CompletedOption): string {
  const explained = `[${text.replace(/[[\]:\\]/g, '\\$&')}]`;
  const value = takesValue ? `:${long}:${choices.length > 0 ? `(${choices.join(' ')})` : ''}` : '';
  const names = [`--${long}`, ...(short ? [`-${short}`] : [])];
  return names.map((name) => quote(`(${names.join(' ')})${name}${explained}${value}`)).join(' ');
}

const writeFish: Writer = (commands, meterOptions) => `# fish completion of codex-usage and codex-metered
complete -c codex-usage -n __fish_use_subcommand -f
${commands.map(({ name, summary }) => `complete -c codex-usage -n __fish_use_subcommand -f -a ${name} -d ${fishQuote(summary)}`).join('\n')}
${[HELP, VERSION].map((option) => `complete -c codex-usage -n __fish_use_subcommand ${fishOption(option)}`).join('\n')}
${commands.flatMap(fishCommand).join('\n')}
${meterOptions.map((option) => `complete -c codex-metered ${fishOption(option)}`).join('\n')}
`;

function fishCommand({ name, choices, options }: Completed): string[] {
  const within = `complete -c codex-usage -n '__fish_seen_subcommand_from ${name}'`;
  const argument = choices.length > 0 ? [`${within} -f -a '${choices.join(' ')}'`] : [];
  return [...argument, ...options.map((option) => `${within} ${fishOption(option)}`)];
}

function fishOption({ long, short, text, takesValue, choices }: CompletedOption): string {
  const value = choices.length > 0 ? ` -x -a '${choices.join(' ')}'` : takesValue ? ' -r' : '';
  return `-l ${long}${short ? ` -s ${short}` : ''}${value} -d ${fishQuote(text)}`;
}

/** Quotes `text` as one word of bash or zsh. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function fishQuote(text: string): string {
  return `'${text.replace(/[\\']/g, '\\$&')}'`;
}
