import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createHooks, createUnpricedFinder } from '../../src/cli/hooks.js';
import type { HookCommand } from '../../src/config/hooks.js';
import { isAlive } from '../../src/process/processes.js';
import { waitFor } from '../harness/wait.js';
import { createFolder, sampleInvocation, sampleResponse } from '../store/samples.js';

function open(command: (file: string) => HookCommand, limitMs?: number) {
  const folder = createFolder();
  const file = join(folder, 'out put');
  const warnings: object[] = [];
  const log = { warn: (_: string, fields: object) => void warnings.push(fields) };
  const given = command(file);
  const commands = { near: given, reached: given, run_end: given, unpriced: given };
  return { hooks: createHooks(commands, sampleInvocation('one', { cwd: folder }), log, limitMs), file, warnings };
}

test.each<[string, (file: string) => HookCommand]>([
  ['a program with arguments, in no shell', (file) => ['tee', '-a', file]],
  ['a command line for sh', () => 'cat >> "out put"'],
])('a hook is %s, and has one JSON object on stdin', async (_, command) => {
  const { hooks, file, warnings } = open(command);
  hooks.run('near', { budget: { scope: 'week' } });
  await hooks.settle();
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
    ...{ hook: 'near', invocationId: 'one', projectId: 'shop', runId: 'nightly-7', phase: 'builder' },
    budget: { scope: 'week' },
  });
  expect(warnings).toEqual([]);
});

test.each<[string, HookCommand, RegExp]>([
  ['fails', 'exit 3', /ended with 3/],
  ['does not exist', ['/no/such/program'], /ENOENT/],
])('a hook that %s is a line in the log', async (_, command, reason) => {
  const { hooks, warnings } = open(() => command);
  hooks.run('run_end', {});
  await hooks.settle();
  expect(warnings).toEqual([{ invocation: 'one', hook: 'run_end', reason: expect.stringMatching(reason) }]);
});

test('a hook that hangs is killed with all that it has started', async () => {
  const { hooks, file, warnings } = open(() => 'echo $$ > "out put"; sleep 600', 1500);
  hooks.run('reached', {});
  await waitFor('the hook', () => existsSync(file) && readFileSync(file, 'utf8').endsWith('\n'));
  const pid = Number(readFileSync(file, 'utf8'));
  await hooks.settle();
  await waitFor('its end', () => !isAlive(pid, Date.now()));
  expect(warnings).toMatchObject([{ hook: 'reached', reason: 'it took longer than 1.5 s and was killed' }]);
});

test('a model without a price is found once', () => {
  const findUnpriced = createUnpricedFinder();
  const unpriced = ['1', '2'].map((key) => sampleResponse(key, { model: 'house', costNanoUsd: undefined }));
  expect([findUnpriced([...unpriced, sampleResponse('3')]), findUnpriced(unpriced)]).toEqual([['house'], []]);
});
