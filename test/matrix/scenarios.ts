import { readRecord } from '../harness/record.js';
import { waitFor } from '../harness/wait.js';
import type { Ended, RunOptions, Workbench } from '../harness/workbench.js';
import { REVIEWED_COMMAND, spawnAgent, waitForSpawned } from '../scripted-api/agents.js';
import type { LedgerEntry, ReceivedRequest } from '../scripted-api/ledger.js';
import type { Reply, Scenario, ToolCall } from '../scripted-api/script.js';

/** What a scenario may do: run Codex, metered, and look at what became of it. */
export interface Stage {
  readonly bench: Workbench;
  run(args: readonly string[], options?: RunOptions): Promise<Ended>;
  start: Workbench['start'];
}

/** One way to run Codex: what it returns, its last run or several, is compared with the ledger. */
export interface Way {
  readonly name: string;
  /** The folder in which its session files are kept as a fixture. */
  readonly fixture?: string;
  /** Whether the requests show that this Codex did it; by its exit code alone when absent. */
  showsIn?(requests: readonly ReceivedRequest[]): boolean;
  play(stage: Stage): Promise<Ended | Ended[]>;
}

const ONE_CALL: NonNullable<Reply['calls']> = (_, tools) => [runCommand('echo one', tools)];
const TWO_CALLS: NonNullable<Reply['calls']> = (_, tools) => ['echo one', 'ls'].map((cmd) => runCommand(cmd, tools));

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

const asks = (of: string) => (requests: readonly ReceivedRequest[]) =>
  requests.some(({ headers }) => headers['x-openai-subagent'] === of);

const compactsRemotely = (requests: readonly ReceivedRequest[]) =>
  requests.some(({ path, body }) => path.endsWith('/compact') || JSON.stringify(body).includes('"compaction_trigger"'));

/** Codex up to 0.80 runs commands with another tool. */
export function runCommand(cmd: string, tools: readonly string[]): ToolCall {
  if (!tools.includes('shell')) return { tool: 'exec_command', cmd };
  return { tool: 'shell', arguments: { command: ['bash', '-lc', cmd] } };
}

/** What the API reported to the run that was given `prompt`, of several that ran side by side. */
function askedBy({ api }: Workbench, prompt: string): LedgerEntry[] {
  return api.ledger.filter(({ request }) => JSON.stringify(api.requests[request]?.body).includes(prompt));
}

const REVIEWER = ['-c', 'approval_policy="on-request"', '-c', 'approvals_reviewer="auto_review"'];

export const WAYS: readonly Way[] = [
  { name: 'one turn', play: ({ run }) => run(['exec', '--json', 'greet']) },
  { name: 'tool loop', fixture: 'tool-loop', play: ({ run }) => run(['exec', '--json', 'loop']) },
  { name: 'cache writes', play: ({ run }) => run(['exec', '--json', 'remember']) },
  { name: 'human mode', play: ({ run }) => run(['exec', 'loop']) },
  { name: 'prompt on stdin', play: ({ run }) => run(['exec', '--json', '-'], { stdin: 'greet' }) },
  {
    name: 'resume --last',
    fixture: 'resume',
    play: async ({ run }) => {
      await run(['exec', '--json', 'loop']);
      return run(['exec', '--json', 'resume', '--last', 'greet']);
    },
  },
  {
    name: 'resume by id, twice',
    play: async ({ run, bench }) => {
      await run(['exec', '--json', 'greet']);
      const threadId = String(readRecord(bench.database)[0]?.threadId);
      await run(['exec', '--json', 'resume', threadId, 'greet']);
      return run(['exec', '--json', 'resume', threadId, 'greet']);
    },
  },
  {
    name: 'fork',
    fixture: 'fork',
    play: async ({ run, bench }) => {
      await run(['exec', '--json', 'loop']);
      return run(['exec', 'fork', String(readRecord(bench.database)[0]?.threadId), '--json', 'greet']);
    },
  },
  { name: 'review', play: ({ run }) => run(['exec', '--json', 'review', '--uncommitted']) },
  {
    name: 'four at once',
    play: async ({ run, bench }) => {
      const prompts = ['1', '2', '3', '4'].map((name) => `loop for number ${name}`);
      const runs = await Promise.all(prompts.map((prompt) => run(['exec', '--json', prompt])));
      return runs.map((ended, index) => ({ ...ended, ledger: askedBy(bench, prompts[index] ?? '') }));
    },
  },
  { name: 'failed turn', play: ({ run }) => run(['exec', '--json', 'fail']) },
  { name: 'cut stream', play: ({ run }) => run(['exec', '--json', 'cut']) },
  {
    name: 'local compaction',
    play: ({ run }) => run(['exec', '--json', '-c', 'model_auto_compact_token_limit=5300', 'loop']),
  },
  {
    name: 'remote compaction',
    fixture: 'remote-compaction',
    showsIn: compactsRemotely,
    play: ({ run, bench }) => {
      bench.configure({ provider: 'OpenAI' });
      return run(['exec', '--json', '-c', 'model_auto_compact_token_limit=5300', 'loop']);
    },
  },
  {
    name: 'sub-agents',
    fixture: 'sub-agents',
    showsIn: asks('collab_spawn'),
    // 0.101 has them behind a switch.
    play: ({ run }) => run(['exec', '--json', '-c', 'features.collab=true', 'delegate']),
  },
  {
    name: 'auto-review',
    showsIn: asks('guardian'),
    // What --approve-for-me stands for, which 0.140 does not have yet.
    play: ({ run }) => run(['exec', '--json', '-s', 'workspace-write', ...REVIEWER, 'escalate']),
  },
  { name: 'ephemeral', play: ({ run }) => run(['exec', '--json', '--ephemeral', 'loop']) },
  ...(['SIGINT', 'SIGTERM'] as const).map((signal) => ({
    name: signal,
    play: async ({ start, bench }: Stage) => {
      const running = start(['exec', '--json', 'endless']);
      await waitFor('the second request', () => bench.api.requests.length === 2);
      running.kill(signal);
      return running.ended;
    },
  })),
];
