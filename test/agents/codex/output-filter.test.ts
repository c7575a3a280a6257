import { describe, expect, test } from 'vitest';
import { filterEvent, filterPrintedLine } from '../../../src/agents/codex/output-filter.js';

const sift = (line: string) => filterEvent(Buffer.from(line));

describe('a line of the --json stream', () => {
  test.for([
    '{"type":"thread.started","thread_id":"0199a213"}',
    '{"type":"turn.started"}',
    '{"type":"turn.completed","usage":{"input_tokens":1}}',
    '{"type":"turn.failed","error":{"message":"no"}}',
    '{"type":"error","message":"Reconnecting... 1/5"}',
    '{"type":"item.completed","item":{"id":"item_12","type":"error","message":"model rerouted: a -> b"}}',
    '{"id":"0","msg":{"type":"session_configured","session_id":"0199a213"}}',
  ])('is relevant: %s', (line) => {
    expect(sift(line)).toBe('relevant');
  });

  test.for([
    '{"type":"item.completed","item":{"id":"item_12","type":"agent_message","text":"turn.completed"}}',
    '{"type":"item.started","item":{"id":"item_12","type":"command_execution","command":"cat secret"}}',
    '{"id":"1","msg":{"type":"agent_message","message":"turn.completed"}}',
    '{"prompt":"what I want"}',
    '{"type":"shiny.new","text":"what I want"}',
  ])('is irrelevant: %s', (line) => {
    expect(sift(line)).toBe('irrelevant');
  });

  test.for(['not JSON', '["turn.completed"]', 'WARNING: {"type":"turn.completed"}', '\u0000'])(
    'is counted as unreadable, without what it says: %s',
    (line) => {
      expect(sift(line)).toBe('unreadable');
    },
  );
});

describe('a line of the transcript', () => {
  test.for([
    'model: gpt-5.3-codex',
    'session id: 0199a213-81c0-7800-8aa1-bbab2a035a53',
    'thread id: 0199a213-81c0-7800-8aa1-bbab2a035a53',
    'tokens used',
    'tokens used: 951',
    '1,903',
    '\u001b[2mtokens used\u001b[0m',
    'ERROR: Reconnecting... 2/5',
    'warning: Your account was routed to gpt-b for this request',
    'model rerouted: gpt-a -> gpt-b (HighRiskCyberActivity)',
  ])('is relevant: %s', (line) => {
    expect(filterPrintedLine(Buffer.from(line))).toBe('relevant');
  });

  test.for(['user', 'fix the failing test', 'My model: is right', '1,903 files changed', 'exec cat secret'])(
    'is irrelevant: %s',
    (line) => {
      expect(filterPrintedLine(Buffer.from(line))).toBe('irrelevant');
    },
  );
});
