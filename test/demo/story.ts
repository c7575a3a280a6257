import type { Scenario } from '../scripted-api/script.js';

/** One Codex run of the demo's loop. The API is scripted to answer its prompt with the replies. */
export interface Step {
  readonly phase: 'builder' | 'reviewer';
  readonly iteration: number;
  readonly prompt: string;
  readonly replies: Scenario['replies'];
}

/** A builder and a reviewer take two rounds: the figures are made up, everything else is what really happens. */
export const STORY: readonly Step[] = [
  {
    phase: 'builder',
    iteration: 1,
    prompt: 'Add a rounding helper to the shop.',
    replies: [
      {
        reasoning: 'Look at the code first.',
        calls: [{ tool: 'exec_command', cmd: 'git log --oneline' }],
        usage: { input: 11_480, cached: 4_096, output: 310, reasoning: 192 },
      },
      {
        calls: [{ tool: 'exec_command', cmd: 'echo "export const round = (n) => Math.round(n);"' }],
        usage: { input: 12_260, cached: 11_392, output: 540, reasoning: 128 },
      },
      { message: 'Added round().', usage: { input: 13_105, cached: 12_160, output: 95 } },
    ],
  },
  {
    phase: 'reviewer',
    iteration: 1,
    prompt: 'Review the rounding helper.',
    replies: [
      {
        calls: [{ tool: 'exec_command', cmd: 'git status --short' }],
        usage: { input: 9_870, cached: 4_096, output: 220, reasoning: 150 },
      },
      {
        message: 'Negative amounts are rounded the wrong way.',
        usage: { input: 10_340, cached: 9_728, output: 410, reasoning: 280 },
      },
    ],
  },
  {
    phase: 'builder',
    iteration: 2,
    prompt: 'Mend what the review found.',
    replies: [
      {
        calls: [
          { tool: 'exec_command', cmd: 'echo "export const round = (n) => Math.sign(n) * Math.round(Math.abs(n));"' },
        ],
        usage: { input: 12_020, cached: 4_096, output: 380, reasoning: 210 },
      },
      { message: 'Mended.', usage: { input: 12_790, cached: 11_904, output: 60 } },
    ],
  },
  {
    phase: 'reviewer',
    iteration: 2,
    prompt: 'Review the mended helper.',
    replies: [{ message: 'Good.', usage: { input: 9_950, cached: 9_600, output: 120, reasoning: 96 } }],
  },
];
