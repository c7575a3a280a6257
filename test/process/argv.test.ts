import { describe, expect, test } from 'vitest';
import { type CodexCommand, describeCommand } from '../../src/process/argv.js';

const NOTHING: CodexCommand = {
  name: '',
  output: 'other',
  threads: 'interactive',
  ephemeral: false,
  outputLastMessage: undefined,
  cd: undefined,
  model: undefined,
  serviceTier: undefined,
  remote: undefined,
  asksForHelp: false,
};

describe('what Codex was asked to do', () => {
  test.for<[string[], Partial<CodexCommand>]>([
    [[], {}],
    [['fix the test'], {}],
    [['exec'], { name: 'exec', output: 'human' }],
    [['exec', 'fix the test'], { name: 'exec', output: 'human' }],
    [['e', '--json', 'fix'], { name: 'exec', output: 'json' }],
    [['exec', '--experimental-json', '-'], { name: 'exec', output: 'json' }],
    [['exec', '-', '--json'], { name: 'exec', output: 'json' }],
    [['--ask-for-approval', 'never', '-c', 'a=b', 'exec', '--json', '-'], { name: 'exec', output: 'json' }],
    [['-a', 'exec', 'exec', 'fix'], { name: 'exec', output: 'human' }],
    [['--full-auto', 'exec', 'fix'], { name: 'exec', output: 'human' }],
    [['exec', 'resume', '--last', 'go on'], { name: 'exec resume', output: 'human' }],
    [['exec', '--json', 'resume', 'an-id', 'go on'], { name: 'exec resume', output: 'json' }],
    [['exec', 'fork', 'an-id', '--json', 'go on'], { name: 'exec fork', output: 'json' }],
    [['exec', 'review', '--uncommitted'], { name: 'exec review', output: 'human' }],
    [['review', '--base', 'main'], { name: 'review', output: 'human' }],
    [['resume', '--last'], { name: 'resume' }],
    [['a', 'task'], { name: 'apply', threads: 'none' }],
    [['login'], { name: 'login', threads: 'none' }],
    [['mcp-server'], { name: 'mcp-server', threads: 'clients' }],
    [['app-server', '-c', 'a=b'], { name: 'app-server', threads: 'clients' }],
    [['app-server', 'daemon', 'stop'], { name: 'app-server daemon', threads: 'none' }],
  ])('%j', ([args, expected]) => {
    const threads = expected.output ? 'one' : 'interactive';
    expect(describeCommand(args)).toEqual({ ...NOTHING, threads, ...expected });
  });

  test('is not what a prompt says', () => {
    for (const prompt of ['resume the work', 'review', '--json', '-h', 'exec']) {
      expect(describeCommand(['exec', '--', prompt])).toMatchObject({
        name: 'exec',
        output: 'human',
        asksForHelp: false,
      });
    }
    expect(describeCommand(['exec', 'first', 'resume'])).toMatchObject({ name: 'exec' });
    expect(describeCommand(['exec', '-', 'review'])).toMatchObject({ name: 'exec' });
    expect(describeCommand(['-C', 'exec', 'fix'])).toMatchObject({ name: '', cd: 'exec' });
    expect(describeCommand(['constructor', 'toString'])).toMatchObject({ name: '' });
  });

  test.for<[string[], Partial<CodexCommand>]>([
    [['-C', 'dir', '-m', 'gpt-5.5', '-o', 'out.txt'], { cd: 'dir', model: 'gpt-5.5', outputLastMessage: 'out.txt' }],
    [
      ['--cd', 'dir', '--model', 'gpt-5.5', '--output-last-message', 'out.txt'],
      { cd: 'dir', model: 'gpt-5.5', outputLastMessage: 'out.txt' },
    ],
    [
      ['--cd=dir', '--model=gpt-5.5', '--output-last-message=a=b'],
      { cd: 'dir', model: 'gpt-5.5', outputLastMessage: 'a=b' },
    ],
    [['-c', 'service_tier="fast"', '--config=x=1'], { serviceTier: 'priority' }],
    [['-c', 'service_tier=fast', '-cservice_tier = "flex"'], { serviceTier: 'flex' }],
    [['-Cdir', '-mgpt-5.5', '-oout.txt'], { cd: 'dir', model: 'gpt-5.5', outputLastMessage: 'out.txt' }],
    [['-C=dir'], { cd: 'dir' }],
    [['--ephemeral'], { ephemeral: true }],
    [['--remote', 'ws://127.0.0.1:4500'], { remote: 'ws://127.0.0.1:4500' }],
    [['--remote=unix://'], { remote: 'unix://' }],
    [['--help'], { asksForHelp: true }],
    [['-V'], { asksForHelp: true }],
    [['help'], { name: 'exec help', threads: 'none', asksForHelp: true }],
    [['-o'], { outputLastMessage: '' }],
  ])('has options before and after the subcommand: %j', ([options, expected]) => {
    const whole = { ...NOTHING, name: 'exec', output: 'human', threads: 'one', ...expected };
    expect(describeCommand(['exec', ...options])).toEqual(whole);
    if (expected.name || expected.outputLastMessage === '') return;
    expect(describeCommand([...options, 'exec'])).toEqual(whole);
    expect(describeCommand(['exec', 'prompt', ...options])).toEqual(whole);
  });

  test('takes the last of an option that is given twice', () => {
    expect(describeCommand(['exec', '-m', 'one', '-m', 'two']).model).toBe('two');
  });
});
