import { UsageError } from '../../errors.js';
import type { CommandDescription } from './description.js';
import type { Host } from './host.js';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const HELP = `
Prints a script that has the shell complete codex-usage and the --meter-… options of codex-metered.

  bash   echo 'source <(codex-usage completion bash)' >> ~/.bashrc
  zsh    echo 'source <(codex-usage completion zsh)' >> ~/.zshrc     below compinit
  fish   codex-usage completion fish > ~/.config/fish/completions/codex-usage.fish
         cp ~/.config/fish/completions/codex-usage.fish ~/.config/fish/completions/codex-metered.fish
`;

/** `completion`, which completes `commands` and itself. */
export function describeCompletionCommand(commands: readonly CommandDescription[], host: Host): CommandDescription {
  const completion: CommandDescription = {
    name: 'completion',
    argument: { flags: '<shell>', choices: SHELLS },
    summary: 'a script for the completion of bash, zsh or fish',
    description: 'Prints a script that has the shell complete these commands and their options.',
    options: [],
    help: HELP,
    async perform(_, shell) {
      if (shell === undefined) throw new UsageError(`For which shell: ${SHELLS.join(', ')}?`);
      const { writeCompletion } = await import('./completion-scripts.js');
      host.stdout.write(writeCompletion(shell as Shell, [...commands, completion]));
    },
  };
  return completion;
}
