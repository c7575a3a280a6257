import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Usage } from '../../src/usage/usage.js';
import { NO_USAGE } from '../../src/usage/usage.js';
import { writeNodeFake } from './fake-codex.js';
import type { Workbench } from './workbench.js';

/** What a fake Codex does: it writes session files where the real one does, then its output, and ends. */
export interface FakeRun {
  readonly files: readonly FakeRollout[];
  readonly stdout?: readonly string[];
  readonly stderr?: readonly string[];
  readonly exitCode?: number;
  /** JavaScript that runs before it ends. */
  readonly afterwards?: string;
}

export interface FakeRollout {
  readonly threadId: string;
  /** Each becomes a line; a Buffer stands in the file as it is. `@NOW@` becomes the time of writing. */
  readonly lines: readonly (object | string | Buffer)[];
}

/** Writes a fake Codex that does as `run` says. It keeps its session files open until its end, like the real one. */
export function writeRolloutFake(bench: Workbench, run: FakeRun): string {
  const plan = {
    files: run.files.map(({ threadId, lines }) => ({
      threadId,
      bytes: Buffer.concat(lines.map(toBytes)).toString('base64'),
    })),
    stdout: run.stdout?.map((line) => `${line}\n`).join('') ?? '',
    stderr: run.stderr?.map((line) => `${line}\n`).join('') ?? '',
    exitCode: run.exitCode ?? 0,
  };
  const path = writeNodeFake(bench, `${PLAYER}${run.afterwards ?? ''}\nprocess.exit(plan.exitCode);\n`);
  writeFileSync(join(path, '..', 'plan.json'), JSON.stringify(plan));
  return path;
}

const PLAYER = `
const plan = JSON.parse(fs.readFileSync(new URL('plan.json', import.meta.url), 'utf8'));
const now = new Date();
const two = (value) => String(value).padStart(2, '0');
const day = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())];
const home = process.env.CODEX_HOME || process.env.HOME + '/.codex';
const folder = [home, 'sessions', ...day].join('/');
const local = day.join('-') + 'T' + [now.getHours(), now.getMinutes(), now.getSeconds()].map(two).join('-');
for (const { threadId, bytes } of plan.files) {
  fs.mkdirSync(folder, { recursive: true });
  const file = fs.openSync(folder + '/rollout-' + local + '-' + threadId + '.jsonl', 'a');
  const text = Buffer.from(bytes, 'base64').toString('latin1').replaceAll('@NOW@', new Date().toISOString());
  fs.writeSync(file, Buffer.from(text, 'latin1'));
}
fs.writeSync(1, plan.stdout);
fs.writeSync(2, plan.stderr);
`;

function toBytes(line: object | string | Buffer): Buffer {
  if (Buffer.isBuffer(line)) return line;
  return Buffer.from(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`);
}

/** Lines of a session file, with the fields that Codex 0.169 gives them. */
export const rollout = {
  header: (threadId: string, more: object = {}) => {
    const payload = { session_id: threadId, id: threadId, cwd: '/', source: 'exec', cli_version: '0.169.0' };
    return line('session_meta', { ...payload, ...more });
  },
  turnStarted: (turnId: string) => line('event_msg', { type: 'task_started', turn_id: turnId }),
  turnContext: (turnId?: string, model = 'gpt-5.3-codex') =>
    line('turn_context', { turn_id: turnId, model, effort: null }),
  item: (text: string) =>
    line('response_item', { type: 'message', role: 'assistant', content: [{ type: 'output_text', text }] }),
  usageRecord(threadId: string, turnId: string, responseId: string, usage: Partial<Usage>) {
    const ids = { thread_id: threadId, turn_id: turnId, session_id: threadId, root_turn_id: turnId };
    return line('token_usage_record', { ...ids, response_id: responseId, usage: asCodexWritesIt(usage) });
  },
  tokenCount: (total: Partial<Usage> | null) =>
    line('event_msg', { type: 'token_count', info: total && { total_token_usage: asCodexWritesIt(total) } }),
};

function line(type: string, payload: object) {
  return { timestamp: '@NOW@', type, payload };
}

export function asCodexWritesIt(usage: Partial<Usage>): Record<string, number> {
  const { input, cachedInput, cacheWrite, output, reasoning } = { ...NO_USAGE, ...usage };
  return {
    input_tokens: input,
    cached_input_tokens: cachedInput,
    cache_write_input_tokens: cacheWrite,
    output_tokens: output,
    reasoning_output_tokens: reasoning,
    total_tokens: input + output,
  };
}
