import { waitFor } from '../../harness/wait.js';
import type { Workbench } from '../../harness/workbench.js';
import type { ReceivedRequest } from '../../scripted-api/ledger.js';
import { askedBy, type Stage, type Way } from '../way.js';

const asks = (of: string) => (requests: readonly ReceivedRequest[]) =>
  requests.some(({ headers }) => headers['x-openai-subagent'] === of);

const compactsRemotely = (requests: readonly ReceivedRequest[]) =>
  requests.some(({ path, body }) => path.endsWith('/compact') || JSON.stringify(body).includes('"compaction_trigger"'));

/** The thread that the API was asked for first. */
function firstThread({ api }: Workbench): string {
  return String(api.ledger[0]?.threadId);
}

const REVIEWER = ['-c', 'approval_policy="on-request"', '-c', 'approvals_reviewer="auto_review"'];

/** What `codex exec` and its subcommands do. */
export const EXEC_WAYS: readonly Way[] = [
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
      const threadId = firstThread(bench);
      await run(['exec', '--json', 'resume', threadId, 'greet']);
      return run(['exec', '--json', 'resume', threadId, 'greet']);
    },
  },
  {
    name: 'fork',
    fixture: 'fork',
    play: async ({ run, bench }) => {
      await run(['exec', '--json', 'loop']);
      return run(['exec', 'fork', firstThread(bench), '--json', 'greet']);
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
  { name: 'SIGINT', play: (stage) => stopInSecondResponse(stage, 'SIGINT') },
  { name: 'SIGTERM', play: (stage) => stopInSecondResponse(stage, 'SIGTERM') },
  { name: 'ephemeral, SIGTERM', play: (stage) => stopInSecondResponse(stage, 'SIGTERM', ['--ephemeral']) },
];

/** The first response is complete and its tool has run; the second never ends. */
async function stopInSecondResponse({ start, bench }: Stage, signal: NodeJS.Signals, options: readonly string[] = []) {
  const running = start(['exec', '--json', ...options, 'endless']);
  let isOver = false;
  void running.ended.then(() => {
    isOver = true;
  });
  // A Codex that does not know the option ends by itself.
  await waitFor('the second request', () => isOver || bench.api.requests.length === 2);
  running.kill(signal);
  return running.ended;
}
