import { REVIEWED_COMMAND, spawnAgent, waitForSpawned } from '../scripted-api/agents.js';
import type { Reply, Scenario, ToolCall } from '../scripted-api/script.js';

const ONE_CALL: NonNullable<Reply['calls']> = (_, tools) => [runCommand('echo one', tools)];
const TWO_CALLS: NonNullable<Reply['calls']> = (_, tools) => ['echo one', 'ls'].map((cmd) => runCommand(cmd, tools));

/** What the API answers in every way: each prompt is a scenario. */
export const SCRIPT: readonly Scenario[] = [
  ...REVIEWED_COMMAND,
  {
    prompt: 'greet',
    replies: [
      { reasoning: 'Short.', message: 'Hello.', usage: { input: 5200, cached: 1100, output: 90, reasoning: 40 } },
    ],
  },
  {
    prompt: 'remember',
    replies: [
      { calls: ONE_CALL, usage: { input: 5000, cacheWrite: 4000, output: 70 } },
      { message: 'Done.', usage: { input: 5900, cached: 4000, cacheWrite: 128, output: 33 } },
    ],
  },
  {
    prompt: 'loop',
    replies: [
      { calls: ONE_CALL, usage: { input: 5000, cached: 256, output: 70, reasoning: 11 } },
      { calls: TWO_CALLS, usage: { input: 5400, cached: 4992, output: 61 } },
      { message: 'Done.', usage: { input: 5900, cached: 5376, output: 33 } },
    ],
  },
  {
    prompt: /review/i,
    replies: [
      { calls: ONE_CALL, usage: { input: 3000, cached: 12, output: 41 } },
      {
        message:
          '{"findings":[],"overall_correctness":"patch is correct","overall_explanation":"Fine.","overall_confidence_score":1}',
        usage: { input: 3300, cached: 2900, output: 77 },
      },
    ],
  },
  {
    prompt: 'fail',
    replies: [
      { calls: ONE_CALL, usage: { input: 700, cached: 3, output: 7 } },
      { fail: { code: 'invalid_prompt', message: 'no' } },
    ],
  },
  {
    prompt: 'cut',
    replies: [
      { calls: ONE_CALL, usage: { input: 2000, output: 12 } },
      { message: 'Part', cut: true },
      { message: 'Whole.', usage: { input: 2500, cached: 2048, output: 21 } },
    ],
  },
  {
    prompt: 'endless',
    replies: [
      { calls: ONE_CALL, usage: { input: 4100, cached: 77, output: 52 } },
      { message: 'And so on', hang: true },
    ],
  },
  {
    prompt: /summary of its thinking process/,
    replies: [{ message: 'Done.', usage: { input: 1200, output: 15 } }],
  },
  {
    prompt: 'delegate',
    replies: [
      { calls: spawnAgent('Please count the shelves.'), usage: { input: 2000, output: 21 } },
      { calls: waitForSpawned, usage: { input: 2100, cached: 1900, output: 22 } },
      { message: 'Three shelves.', usage: { input: 2200, cached: 2000, output: 23 } },
    ],
  },
  {
    prompt: 'count the shelves',
    replies: [
      { calls: ONE_CALL, usage: { input: 3000, cached: 64, output: 31 } },
      { message: 'Three.', usage: { input: 3100, cached: 2900, output: 32, reasoning: 8 } },
    ],
  },
  {
    prompt: 'subagent_notification',
    replies: [{ message: 'Three shelves.', usage: { input: 2300, cached: 2100, output: 24 } }],
  },
];

/** Codex up to 0.80 runs commands with another tool. */
export function runCommand(cmd: string, tools: readonly string[]): ToolCall {
  if (!tools.includes('shell')) return { tool: 'exec_command', cmd };
  return { tool: 'shell', arguments: { command: ['bash', '-lc', cmd] } };
}
