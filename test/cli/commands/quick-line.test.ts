import { describe, expect, it } from 'vitest';
import { describeCostCommands } from '../../../src/cli/commands/cost-options.js';
import type { CommandDescription } from '../../../src/cli/commands/description.js';
import { readExplainedLine } from '../../../src/cli/commands/explained-line.js';
import { describeExportCommand } from '../../../src/cli/commands/export-options.js';
import { describePeriodCommands } from '../../../src/cli/commands/period-options.js';
import { readQuickLine } from '../../../src/cli/commands/quick-line.js';
import { describeStatuslineCommand } from '../../../src/cli/commands/statusline-options.js';
import { describeWatchCommand } from '../../../src/cli/commands/watch-options.js';
import type { Paths } from '../../../src/config/paths.js';

/** What `line` asks for, by both readers; a string where the quick one leaves it to the other. */
async function read(line: string) {
  const asked: unknown[] = [];
  const commands = describeCommands(async (request) => {
    asked.push(request);
  });
  const args = line.split(' ').map((word) => word.replaceAll('_', ' '));
  const quick = readQuickLine(args, commands);
  await quick?.perform();
  const output = { write: () => undefined };
  const host = {
    args,
    env: {},
    cwd: '/',
    meter: '',
    stdout: output,
    stderr: output,
    untilStopped: async () => undefined,
  };
  const exitCode = await readExplainedLine(host, { database: 'x.db' } as Paths, commands);
  const [first, second = `explained, exit code ${exitCode}`] = quick ? asked : [undefined, asked[0]];
  return { quick: quick ? first : 'left to the other', explained: second };
}

function describeCommands(perform: (request: unknown) => Promise<void>): CommandDescription[] {
  return [
    ...describePeriodCommands(perform),
    ...describeCostCommands(perform),
    describeExportCommand(perform),
    describeStatuslineCommand(perform),
    describeWatchCommand(perform),
  ];
}

describe('a command line that needs no explanation', () => {
  it.each([
    'daily',
    'daily --json',
    'daily -j --no-import --no-color',
    'daily --since 2026-11-01 --until=20261130 --provider codex --project shop --model gpt-5*',
    'daily -s2026-11-01 -jz UTC',
    'daily --last 7 --order desc --breakdown --compact --chart',
    'daily --last 7 --last 3 --project=',
    'weekly --start-of-week sunday',
    'weekly -w saturday',
    'monthly --json --json',
    'blocks --last 3',
    'run',
    'run nightly-7 --markdown',
    'run --list --last 3',
    'run -- nightly',
    'session 019a --no-import --notes',
    'export',
    'export days -f ndjson -o x.json',
    'statusline',
    'statusline --color --no-color',
    'statusline --no-color --color --format {today}_spent',
    'watch --interval 0.5 --once',
    'watch --all',
  ])('is read as commander reads it: %s', async (line) => {
    const { quick, explained } = await read(line);
    expect(quick).toEqual(explained);
  });

  it.each([
    ['--help', 'explained, exit code 0'],
    ['help daily', 'explained, exit code 0'],
    ['daily --help', 'explained, exit code 0'],
    ['dayly', 'explained, exit code 2'],
    ['daily --jsn', 'explained, exit code 2'],
    ['daily --no-json', 'explained, exit code 2'],
    ['daily --json=yes', 'explained, exit code 2'],
    ['daily --since yesterday', 'explained, exit code 2'],
    ['daily --last x --last 3', 'explained, exit code 2'],
    ['daily --timezone Mars/Base', 'explained, exit code 2'],
    ['daily --provider nobody', 'explained, exit code 2'],
    ['daily today', 'explained, exit code 2'],
    ['daily --model', 'explained, exit code 2'],
    ['run a b', 'explained, exit code 2'],
    ['export weeks', 'explained, exit code 2'],
    ['watch --interval 0', 'explained, exit code 2'],
    ['daily --project -x', expect.objectContaining({ kind: 'daily', projectId: '-x' })],
  ])('is left to commander otherwise: %s', async (line, explained) => {
    expect(await read(line)).toEqual({ quick: 'left to the other', explained });
  });
});
