import { describe, expect, test } from 'vitest';
import { createHumanReader } from '../../../src/agents/codex/human.js';

const THREAD = '01a20131-e459-7d31-8cdb-60b6966c8fdd';

const named = { kind: 'thread_started', threadId: THREAD };
const total = (tokens?: number) => ({ kind: 'blended_total', tokens });
const REROUTED = '\u001b[33;1mmodel rerouted:\u001b[0m gpt-a -> gpt-b';
const OMITTED = 'Configured service tier `flex` is not advertised as supported for model `gpt-a` and will be omitted';

describe('the human-readable output', () => {
  test.each<[string, string[], object[]]>([
    [
      'names the model and the thread in its banner and its total on two lines',
      [
        ...[
          'OpenAI Codex v0.169.0',
          '--------',
          'model: gpt-a',
          `session id: ${THREAD}`,
          '--------',
          'user',
          'model: b',
        ],
        ...['tokens used', '1,903'],
      ],
      [{ kind: 'model', model: 'gpt-a' }, named, total(1903)],
    ],
    [
      'names the thread as `thread id` where a server runs it',
      ['Reading additional input from stdin...', `thread id: ${THREAD}`, 'warning: none', 'tokens used', '1,903'],
      [named, total(1903)],
    ],
    [
      'has its total on one line in 0.40',
      ['[2025-09-24T10:00:00] tokens used: 9', 'tokens used: 951', 'tokens used: 1,234,567'],
      [total(951), total(1_234_567)],
    ],
    [
      'has no total where the figure is more than a count can be',
      ['tokens used', '99,999,999,999,999,999,999', 'tokens used: 9007199254740993'],
      [total(), total()],
    ],
    [
      'may be in colour, and end its lines in any way',
      [`\u001b[1msession id:\u001b[0m ${THREAD}\r`, '\u001b[35;3mtokens used\u001b[0m\r', '\u001b[2m12,000\u001b[0m\r'],
      [named, total(12_000)],
    ],
    [
      'may hold the words of the banner and the footer in a prompt or an answer',
      [
        ...[`session id: ${THREAD}`, 'user', 'session id: 01a20131-0000-7000-8000-000000000001', 'tokens used', 'many'],
        ...['tokens used', '77', 'tokens used', '1,903'],
      ],
      [named, total(77), total(1903)],
    ],
    [
      'reports another model where a warning of it follows',
      [REROUTED, 'warning: this request was routed to gpt-b as a fallback'],
      [{ kind: 'rerouted', from: 'gpt-a', to: 'gpt-b' }],
    ],
    ['reports no other model where none follows', [REROUTED, 'warning: anything', REROUTED, ''], []],
    [
      'reports a tier that was left out',
      [`warning: ${OMITTED}`],
      [{ kind: 'tier_omitted', tier: 'flex', model: 'gpt-a' }],
    ],
    [
      'says nothing else',
      ['session id: none', 'the tokens used: 5', '  tokens used: 5', '1,903', 'tokens used', '', '1,903'],
      [],
    ],
  ])('%s', (_what, lines, facts) => {
    const reader = createHumanReader();
    expect(lines.flatMap((line) => reader(line) ?? [])).toEqual(facts);
  });
});
