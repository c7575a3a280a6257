import type { InputItem, Reply, ToolCall } from './script.js';

/**
 * Calls of Codex's tools for sub-agents. gpt-5.3-codex is given one family of them (`multi_agent_v1`), gpt-6.1-sol
 * another (`collaboration`): seen in 0.169.
 */
export function spawnAgent(message: string): ToolCall {
  return { tool: 'spawn_agent', namespace: 'multi_agent_v1', arguments: { message } };
}

/** Waits for the agent that was spawned last. */
export function waitForSpawned(input: readonly InputItem[]): ToolCall[] {
  const targets = agentsIn(input).slice(-1);
  return [{ tool: 'wait_agent', namespace: 'multi_agent_v1', arguments: { targets } }];
}

/** Takes the agent that was spawned first up again, in a later turn. */
export function resumeFirstAgent(input: readonly InputItem[]): ToolCall[] {
  return [{ tool: 'resume_agent', namespace: 'multi_agent_v1', arguments: { id: agentsIn(input)[0] } }];
}

export function askFirstAgent(message: string): (input: readonly InputItem[]) => ToolCall[] {
  return (input) => [
    { tool: 'send_input', namespace: 'multi_agent_v1', arguments: { target: agentsIn(input)[0], message } },
  ];
}

export function collaborate(given: {
  task_name: string;
  message: string;
  fork_turns: string;
  model?: string;
}): ToolCall {
  return { tool: 'spawn_agent', namespace: 'collaboration', arguments: given };
}

/** Waits for all collaborating agents, and says so. */
export function waitingForAgents(): Reply[] {
  return [
    {
      calls: [{ tool: 'wait_agent', namespace: 'collaboration', arguments: { timeout_ms: 10_000 } }],
      usage: { input: 2100, output: 22 },
    },
    { message: 'Three shelves.', usage: { input: 2200, output: 23 } },
  ];
}

/** The ids of the agents that tools have told of, oldest first. */
function agentsIn(input: readonly InputItem[]): string[] {
  return input
    .filter(({ type }) => type === 'function_call_output')
    .flatMap(({ output }) => /"agent_id\W+([0-9a-f]{8}-[0-9a-f-]{27})/.exec(JSON.stringify(output))?.[1] ?? []);
}
