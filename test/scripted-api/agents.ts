import { answer, type InputItem, type Reply, type Scenario, shell, type ToolCall, turn } from './script.js';

/**
 * Calls of Codex's tools for sub-agents. gpt-6.1-sol is given one family of them (`collaboration`), gpt-5.3-codex another:
 * `multi_agent_v1` in 0.140 to 0.169, tools without a namespace in 0.101 (where waiting goes by another name) and 0.125.
 */
export function spawnAgent(message: string): (input: readonly InputItem[], tools: readonly string[]) => ToolCall[] {
  return (_, tools) => [{ tool: 'spawn_agent', ...familyOf(tools), arguments: { message } }];
}

/** Waits for the agent that was spawned last. */
export function waitForSpawned(input: readonly InputItem[], tools: readonly string[]): ToolCall[] {
  const targets = agentsIn(input).slice(-1);
  if (tools.includes('wait')) return [{ tool: 'wait', arguments: { ids: targets } }];
  return [{ tool: 'wait_agent', ...familyOf(tools), arguments: { targets } }];
}

function familyOf(tools: readonly string[]): { namespace?: string } {
  return tools.includes('spawn_agent') ? {} : { namespace: 'multi_agent_v1' };
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

/** An agent that has a task, its parent's history or none, and a model of its own where one is named. */
export function collaborate(task: string, message: string, turns: string, model?: string): ToolCall {
  const given = { task_name: task, message, fork_turns: turns, ...(model && { model }) };
  return { tool: 'spawn_agent', namespace: 'collaboration', arguments: given };
}

/** Waits for all collaborating agents, and says so. */
export function waitingForAgents(): Reply[] {
  return [
    {
      calls: [{ tool: 'wait_agent', namespace: 'collaboration', arguments: { timeout_ms: 10_000 } }],
      usage: { input: 2100, output: 22 },
    },
    answer('Three shelves.', { input: 2200, output: 23 }),
  ];
}

const ALLOWED = '{"risk_level":"low","user_authorization":"high","outcome":"allow","rationale":"It only prints."}';

/** A command that leaves the sandbox, which Codex has another model session review with `--approve-for-me` (0.169). */
export const REVIEWED_COMMAND: readonly Scenario[] = [
  {
    prompt: 'escalate',
    thread: 'root',
    replies: [
      {
        calls: [
          {
            tool: 'exec_command',
            arguments: { cmd: 'echo out', sandbox_permissions: 'require_escalated', justification: 'To see it.' },
          },
        ],
        usage: { input: 4000, output: 31 },
      },
      answer('Done.', { input: 4200, cached: 4000, output: 12 }),
    ],
  },
  {
    prompt: 'you are assessing',
    thread: 'child',
    replies: [answer(ALLOWED, { input: 1800, cached: 100, output: 44, reasoning: 9 })],
  },
];

/** A turn that has a sub-agent count shelves. What the agent answers is reported to its parent as another prompt. */
export const DELEGATION: readonly Scenario[] = [
  turn(
    'delegate',
    { calls: spawnAgent('Please count the shelves.'), usage: { input: 2000, output: 21 } },
    { calls: waitForSpawned, usage: { input: 2100, cached: 1900, output: 22 } },
    answer('Three shelves.', { input: 2200, cached: 2000, output: 23 }),
  ),
  turn(
    'count the shelves',
    shell('echo one', { input: 3000, cached: 64, output: 31 }),
    answer('Three.', { input: 3100, cached: 2900, output: 32, reasoning: 8 }),
  ),
  turn('subagent_notification', answer('Three shelves.', { input: 2300, cached: 2100, output: 24 })),
];

/** Returns the ids of the agents in the output of tools, oldest first. */
function agentsIn(input: readonly InputItem[]): string[] {
  return input
    .filter(({ type }) => type === 'function_call_output')
    .flatMap(({ output }) => /"agent_id\W+([0-9a-f]{8}-[0-9a-f-]{27})/.exec(JSON.stringify(output))?.[1] ?? []);
}
