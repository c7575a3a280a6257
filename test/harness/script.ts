import process from 'node:process';
import { Command, InvalidArgumentError } from 'commander';

/** The command line of `npm run NAME`. It answers --help, and what is wrong with it ends the process with exit code 2. */
export function describeScript(name: string, description: string): Command {
  return new Command(`npm run ${name} --`)
    .description(description)
    .helpOption('-h, --help', 'explain it')
    .showHelpAfterError(`(npm run ${name} -- --help explains it.)`)
    .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));
}

/** For an option or an argument that is a number above zero. */
export function parseNumber(text: string): number {
  const number = Number(text);
  if (number > 0) return number;
  throw new InvalidArgumentError('Use a number above zero.');
}

/** For an option that can be given several times, with one of `choices` each time. */
export function collect(choices: readonly string[]): (text: string, before: readonly string[] | undefined) => string[] {
  return (text, before = []) => {
    if (!choices.includes(text)) throw new InvalidArgumentError(`There are: ${choices.join(', ')}.`);
    return [...before, text];
  };
}
