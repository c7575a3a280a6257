import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { parseItemLine } from '../../src/agents/codex/items.js';
import { type EstimatedResponse, estimateSession } from '../../src/estimate/session.js';
import type { SessionItem } from '../../src/usage/session-item.js';
import { test } from '../harness/test.js';
import { countAnswer, countRequest } from '../harness/tokens.js';
import type { Workbench } from '../harness/workbench.js';
import type { ReceivedRequest } from '../scripted-api/ledger.js';
import type { Reply } from '../scripted-api/script.js';

const TOLERANCE = 0.1;
const CONFIGURED = ['-c', 'model="qwen3-coder"'];

describe('the estimate of a real Codex run whose provider reports no usage', () => {
  test('is near what the API was sent and what it answered, response by response', async ({ bench }) => {
    const replies: Reply[] = [
      { reasoning: 'I will count first.', calls: [shell('seq 1 300')] },
      { calls: [shell('echo one'), shell('echo two'), shell('echo three')], message: 'Three calls at once.' },
      { reasoning: 'Nearly there.', calls: [shell('printf "%0500d" 7')] },
      { message: 'All is said and done: the numbers were counted, printed and padded with zeros.' },
    ];
    bench.api.add({ prompt: 'count', replies: replies.map((reply) => ({ ...reply, usage: null })) });
    await bench.run(['exec', ...CONFIGURED, '--skip-git-repo-check', 'count'], { direct: true });

    const { responses, cutOff, retried } = await estimate(bench);

    expect(responses).toHaveLength(replies.length);
    expect({ cutOff, retried }).toEqual({ cutOff: 0, retried: 0 });
    for (const [index, { usage }] of responses.entries()) {
      const request = bench.api.requests[index] as ReceivedRequest;
      expectNear(usage.input, countRequest(request));
      expectNear(usage.output, countAnswer(request));
    }
  });

  test('leaves out what was cut and what an interruption ended', async ({ bench }) => {
    const quiet = { usage: null };
    bench.api.add({
      prompt: 'stumble',
      replies: [
        { message: 'Hal', cut: true },
        { calls: [shell('echo hi')], ...quiet },
        { message: 'Half a', hang: true },
      ],
    });
    const run = bench.start(['exec', ...CONFIGURED, '--skip-git-repo-check', 'stumble'], { direct: true });
    await expect.poll(() => bench.api.requests.length, { timeout: 20_000 }).toBe(3);
    await expect.poll(() => sessionText(bench), { timeout: 20_000 }).toContain('Half a');
    run.kill('SIGINT');
    await run.ended;

    const { responses, cutOff, retried } = await estimate(bench);

    expect(responses).toHaveLength(1);
    expectNear(responses[0]?.usage.input ?? 0, countRequest(bench.api.requests[1] as ReceivedRequest));
    expect({ cutOff, retried }).toEqual({ cutOff: 1, retried: 1 });
  });
});

function shell(cmd: string) {
  return { tool: 'exec_command' as const, cmd };
}

function expectNear(estimated: number, counted: number): void {
  expect(counted).toBeGreaterThan(0);
  expect(Math.abs(estimated - counted) / counted).toBeLessThanOrEqual(TOLERANCE);
}

async function estimate(
  bench: Workbench,
): Promise<{ responses: readonly EstimatedResponse[]; cutOff: number; retried: number }> {
  const items = sessionText(bench).split('\n').filter(Boolean).map(parseItemLine);
  expect(items.filter(({ kind }) => kind === 'unrecognised')).toEqual([]);
  const ofUse = items.filter((item): item is SessionItem => 'atMs' in item);
  return await estimateSession(ofUse, { sinceMs: 0 });
}

function sessionText({ codexHome }: Workbench): string {
  const folder = join(codexHome, 'sessions');
  const [file = ''] = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.jsonl'),
  );
  return file && readFileSync(join(folder, file), 'utf8');
}
