import { readRecord } from '../harness/record.js';
import { waitFor } from '../harness/wait.js';
import type { Ended, RunOptions, Workbench } from '../harness/workbench.js';
import type { Scenario } from '../scripted-api/script.js';

/** What a scenario may do: run Codex, metered, and look at what became of it. */
export interface Stage {
  readonly bench: Workbench;
  run(args: readonly string[], options?: RunOptions): Promise<Ended>;
  start: Workbench['start'];
}

/** One way to run Codex: its last run is the one whose record is compared with the ledger. */
export interface Way {
  readonly name: string;
  play(stage: Stage): Promise<Ended>;
}

const TOOL = { tool: 'exec_command', cmd: 'echo one' } as const;

export const SCRIPT: readonly Scenario[] = [
  {
    prompt: 'greet',
    replies: [
      { reasoning: 'Short.', message: 'Hello.', usage: { input: 5200, cached: 1100, output: 90, reasoning: 40 } },
    ],
  },
  {
    prompt: 'loop',
    replies: [
      { calls: [TOOL], usage: { input: 5000, cached: 256, output: 70, reasoning: 11 } },
      { calls: [TOOL, TOOL], usage: { input: 5400, cached: 4992, output: 61 } },
      { message: 'Done.', usage: { input: 5900, cached: 5376, output: 33 } },
    ],
  },
  {
    prompt: /review/i,
    replies: [
      { calls: [TOOL], usage: { input: 3000, cached: 12, output: 41 } },
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
      { calls: [TOOL], usage: { input: 700, cached: 3, output: 7 } },
      { fail: { code: 'invalid_prompt', message: 'no' } },
    ],
  },
  {
    prompt: 'cut',
    replies: [
      { calls: [TOOL], usage: { input: 2000, output: 12 } },
      { message: 'Part', cut: true },
      { message: 'Whole.', usage: { input: 2500, cached: 2048, output: 21 } },
    ],
  },
  {
    prompt: 'endless',
    replies: [
      { calls: [TOOL], usage: { input: 4100, cached: 77, output: 52 } },
      { message: 'And so on', hang: true },
    ],
  },
  {
    prompt: /summary of its thinking process/,
    replies: [{ message: 'Done.', usage: { input: 1200, output: 15 } }],
  },
];

export const WAYS: readonly Way[] = [
  { name: 'one turn', play: ({ run }) => run(['exec', '--json', 'greet']) },
  { name: 'tool loop', play: ({ run }) => run(['exec', '--json', 'loop']) },
  { name: 'human mode', play: ({ run }) => run(['exec', 'loop']) },
  { name: 'prompt on stdin', play: ({ run }) => run(['exec', '--json', '-'], { stdin: 'greet' }) },
  {
    name: 'resume --last',
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
    play: async ({ run, bench }) => {
      await run(['exec', '--json', 'loop']);
      return run(['exec', 'fork', String(readRecord(bench.database)[0]?.threadId), '--json', 'greet']);
    },
  },
  { name: 'review', play: ({ run }) => run(['exec', '--json', 'review', '--uncommitted']) },
  { name: 'failed turn', play: ({ run }) => run(['exec', '--json', 'fail']) },
  { name: 'cut stream', play: ({ run }) => run(['exec', '--json', 'cut']) },
  {
    name: 'local compaction',
    play: ({ run }) => run(['exec', '--json', '-c', 'model_auto_compact_token_limit=5300', 'loop']),
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
