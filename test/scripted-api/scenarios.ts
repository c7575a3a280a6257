import type { Scenario } from './script.js';

/** A turn of two responses: the model calls a command, and then ends with `message`. */
export function callThenAnswer(prompt: Scenario['prompt'], message: string): Scenario {
  return {
    prompt,
    replies: [
      {
        calls: [{ tool: 'exec_command', cmd: 'echo one' }],
        usage: { input: 5000, cached: 256, output: 70, reasoning: 11 },
      },
      { message, usage: { input: 5900, cached: 5376, cacheWrite: 128, output: 33 } },
    ],
  };
}

export const LOOP = callThenAnswer('loop', 'Done.');
