import { execa } from 'execa';
import { expect, it } from 'vitest';
import { OPTIONS } from '../../src/cli/wrapper-options.js';
import { METERED } from '../harness/workbench.js';

it('the help of codex-metered explains each option in one column, however long the option is', async () => {
  const { stdout } = await execa(process.execPath, [METERED, '--meter-help']);
  const lines = stdout.split('\n');
  const columns = Object.entries(OPTIONS).map(([name, { help }]) => {
    const at = lines.findIndex((line) => new RegExp(`^ {2}--meter-${name}(?: |$)`).test(line));
    const explained = lines.slice(at, at + 2).find((line) => line.endsWith(help));
    return explained?.slice(0, -help.length).length;
  });
  expect(columns).toEqual(columns.map(() => 32));
});
