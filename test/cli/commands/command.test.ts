import { InvalidArgumentError } from 'commander';
import { describe, expect, it } from 'vitest';
import { defineCommand } from '../../../src/cli/commands/command.js';
import { COMMANDS } from '../../../src/cli/commands/list.js';
import { runUsage } from '../../harness/codex-usage.js';

/** A command that prints what it was asked for. */
const probe = defineCommand({
  name: 'probe',
  argument: { placeholder: '[what]', choices: ['all', 'one'], initial: 'all' },
  summary: 'what was asked',
  description: 'Prints what was asked.',
  options: {
    json: { short: 'j', text: 'a switch' },
    noImport: { text: 'a switch that denies' },
    color: { text: 'one of two switches that are opposites' },
    noColor: { text: 'the other one' },
    startOfWeek: { short: 'w', value: '<day>', text: 'a choice', choices: ['sunday', 'monday'], initial: 'monday' },
    last: { value: '<n>', text: 'a number', parse: parseNumber },
    project: { value: '<id>', text: 'a text' },
  },
  help: '\nBelow the options.\n',
  run({ options, argument, host }) {
    host.stdout.write(JSON.stringify({ argument, ...options }));
    return 0;
  },
});

function parseNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Use a number.');
}

async function ask(...args: string[]) {
  return await runUsage(['probe', ...args], { database: '/nowhere', commands: { probe: async () => probe } });
}

const NOTHING = {
  ...{ argument: 'all', json: false, noImport: false, color: false, noColor: false, startOfWeek: 'monday' },
};

describe('a command that is described as data', () => {
  it.each([
    ['', {}],
    ['one', { argument: 'one' }],
    ['--json --no-import', { json: true, noImport: true }],
    ['--color --no-color', { noColor: true }],
    ['--no-color --color', { color: true }],
    ['--start-of-week sunday', { startOfWeek: 'sunday' }],
    ['-jw sunday', { json: true, startOfWeek: 'sunday' }],
    ['-wsunday --last=7', { startOfWeek: 'sunday', last: 7 }],
    ['--last 7 --last 3 --project=', { last: 3, project: '' }],
    ['--project -x', { project: '-x' }],
    ['-- one', { argument: 'one' }],
  ])('is asked with "%s"', async (line, asked) => {
    const { exitCode, stdout, stderr } = await ask(...line.split(' ').filter(Boolean));
    expect([exitCode, stderr, JSON.parse(stdout)]).toEqual([0, '', { ...NOTHING, ...asked }]);
  });

  it.each([
    ['--jsn', "unknown option '--jsn'\n(Did you mean --json?)"],
    ['--no-json', "unknown option '--no-json'"],
    ['--last x --last 3', "option '--last <n>' argument 'x' is invalid. Use a number."],
    ['--start-of-week friday', 'Allowed choices are sunday, monday.'],
    ['--project', "option '--project <id>' argument missing"],
    ['two', 'Allowed choices are all, one.'],
    ['one two', "too many arguments for 'probe'"],
  ])('refuses "%s", says why and where its help is', async (line, reason) => {
    const { exitCode, stdout, stderr } = await ask(...line.split(' '));
    expect([exitCode, stdout]).toEqual([2, '']);
    expect(stderr).toContain(reason);
    expect(stderr).toContain('(codex-usage probe --help explains it and its options. [what] is one of all, one.)');
  });
});

const ABOUT = `What \`codex-usage <command> --help\` prints, made from the descriptions in \`src/cli/commands/\`. An option
of every command is \`-h\` or \`--help\`. Exit code: 0 done, 1 nothing to show or no readable database, 2 wrong usage.`;

describe('every command of codex-usage', () => {
  it.each(Object.keys(COMMANDS))(
    '%s has help with each of its options, and says it in each of three ways',
    async (name) => {
      const command = await COMMANDS[name]?.();
      expect(command?.name).toBe(name);
      const [short, long, asCommand] = await Promise.all(
        [
          [name, '-h'],
          [name, '--help'],
          ['help', name],
        ].map((args) => runUsage(args, { database: '/nowhere' })),
      );
      expect(long).toEqual(short);
      expect(asCommand).toEqual(short);
      expect(short).toMatchObject({ exitCode: 0, stderr: '', stdout: expect.stringContaining(command?.help ?? '-') });
      for (const option of Object.values(command?.options ?? {})) {
        const words = option?.text.split(' ').slice(0, 3).join(' ') ?? '-';
        expect(short?.stdout).toContain(words);
      }
    },
  );

  /** `npx vitest run test/cli/commands/command.test.ts --update` writes it. */
  it('is in docs/commands.md as its help explains it', async () => {
    const commands = await Promise.all(Object.values(COMMANDS).map((load) => load()));
    const list = commands.map(({ name, summary }) => `- [${name}](#codex-usage-${name}): ${summary}`);
    const sections = commands.map(async ({ name }) => {
      const { stdout } = await runUsage([name, '--help'], { database: '/nowhere' });
      return `\n## codex-usage ${name}\n\n\`\`\`\n${stdout.trimEnd()}\n\`\`\``;
    });
    const lines = ['# The commands of codex-usage', '', ABOUT, '', ...list, ...(await Promise.all(sections)), ''];
    await expect(lines.join('\n')).toMatchFileSnapshot('../../../docs/commands.md');
  });
});
