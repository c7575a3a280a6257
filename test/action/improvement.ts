import type { Scenario } from '../scripted-api/script.js';

/** What a job asks of Codex: two responses, with 10,900 tokens of input. */
export const IMPROVEMENT: Scenario = {
  prompt: 'Improve the shop',
  replies: [
    { calls: [{ tool: 'exec_command', cmd: 'ls' }], usage: { input: 5000, cached: 256, output: 70, reasoning: 11 } },
    { message: 'Improved.', usage: { input: 5900, cached: 5376, output: 33 } },
  ],
};
