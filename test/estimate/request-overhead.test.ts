import { describe, expect, it } from 'vitest';
import { missingInstructionTokens, schemaTokens, sentInstructions } from '../../src/estimate/request-overhead.js';
import type { SessionHeader } from '../../src/usage/session-item.js';
import { THREAD } from './items.js';

const UNLISTED = 'You are a coding agent running in the Codex CLI, a terminal-based coding assistant.';

describe('what a request brings along', () => {
  it.each([
    ['a model that Codex lists', { instructions: 'You are Codex.' }, 'gpt-5.5', '0.169.0', 1941],
    ['a model that it does not list', { instructions: UNLISTED }, 'qwen3', '0.169.0', 3616],
    ['a sub-agent', { instructions: UNLISTED, role: 'child' as const }, 'qwen3', '0.169.0', 1529],
    ['a review', { instructions: 'Review.', role: 'review' as const }, 'qwen3', '0.169.0', 873],
    [
      'a sub-agent of 0.115, less than its parent',
      { instructions: UNLISTED, role: 'child' as const },
      'qwen3',
      '0.116.0',
      830,
    ],
    ['a version between two measured ones', { instructions: UNLISTED }, 'qwen3', '0.152.9', 3764],
    ['a version after the last measured one', { instructions: UNLISTED }, 'qwen3', '0.201.0', 3871],
    ['an alpha of a measured one', { instructions: UNLISTED }, 'qwen3', '0.169.0-alpha.3', 3616],
    ['a version before the first measured one', { instructions: undefined }, 'gpt-5-codex', '0.40.0', 238],
    ['a model that came after its version', { instructions: undefined }, 'gpt-5.3-codex', '0.80.0', 812],
    ['a model of its list', { instructions: undefined }, 'gpt-5.1', '0.80.0', 1053],
    ['an unknown version', { instructions: UNLISTED }, 'qwen3', undefined, 3871],
    ['gpt-5.6, whose tools were not in the file', { instructions: 'You are Codex.' }, 'gpt-5.6-sol', '0.160.0', 4421],
    ['gpt-6, whose tools are', { instructions: 'You are Codex.' }, 'gpt-6-sol', '0.169.0', 0],
  ])('has the tool schemas of %s', (_, given, model, cliVersion, tokens) => {
    expect(schemaTokens({ header: headerOf(given), model, cliVersion })).toBe(tokens);
  });

  it.each([
    ['gpt-5-codex', 'main', 2288],
    ['gpt-5.1-codex-mini', 'main', 2288],
    ['gpt-5.1-codex-max', 'main', 2476],
    ['gpt-5.2-codex', 'main', 2476],
    ['gpt-5.2', 'main', 5419],
    ['gpt-5.3-codex', 'main', 5815],
    ['gpt-6.1-sol', 'main', 5063],
    ['o4-mini', 'main', 5815],
    ['qwen3', 'main', 5063],
    ['gpt-5', 'main', 5815],
    ['gpt-5', 'review', 1370],
  ] as const)('has the instructions of 0.80 to %s, %s thread, which its file does not hold', (model, role, tokens) => {
    const header = headerOf({ instructions: undefined, role });
    expect(missingInstructionTokens({ header, model, cliVersion: '0.80.0' })).toBe(tokens);
  });

  it('has no other instructions when the file holds them', () => {
    const header = headerOf({ instructions: UNLISTED });
    expect(missingInstructionTokens({ header, model: 'qwen3', cliVersion: '0.80.0' })).toBe(0);
  });
});

describe('the instructions that are sent', () => {
  const sections = ['# How', '## Planning\n\nPlan.\n### Examples\nOne.', '## Task', '## `update_plan`\n\nCall it.'];

  it('are without the sections on planning since 0.153.4, and whole before', () => {
    const header = headerOf({ instructions: sections.join('\n') });
    expect(sentInstructions(header, '0.153.4')).toBe('# How\n## Task');
    expect(sentInstructions(header, '0.150.0')).toBe(header.instructions);
  });
});

function headerOf(given: Partial<SessionHeader>): SessionHeader {
  const unknown = { cliVersion: undefined, instructions: undefined, historyBase: undefined };
  return { kind: 'session', threadId: THREAD, role: 'main', ...unknown, ...given };
}
