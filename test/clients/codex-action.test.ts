import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import { describe, expect, onTestFinished } from 'vitest';
import { listProcesses, untilMetersEnd } from '../harness/children.js';
import { expectUndisturbed } from '../harness/compare.js';
import { installBeside, putInPlace } from '../harness/in-place.js';
import { expectExact, expectSameCounts } from '../harness/record.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import { CODEX, type Workbench } from '../harness/workbench.js';
import { callThenAnswer } from '../scripted-api/scenarios.js';
import { FAILURE, turn } from '../scripted-api/script.js';

// What openai/codex-action 1.8 (May 2026) does: it writes the prompt to the standard input of the `codex` that it finds on PATH, whose
// output is the job's log, and Codex talks to a proxy that knows the key and passes on POST /v1/responses alone.

const FIX = callThenAnswer('Fix the failing test', '{"fixed":true}');

interface Step {
  readonly prompt: string;
  readonly env: NodeJS.ProcessEnv;
  /** The input `codex-args`. */
  readonly extraArgs?: readonly string[];
  /** What stands before Codex's arguments. */
  readonly command?: readonly string[];
}

/** Runs the action's step. Besides what came of it: the action's output `final-message`. */
async function runStep(bench: Workbench, { prompt, env, extraArgs = [], command = ['codex'] }: Step) {
  const folder = join(bench.folder, 'runner-temp');
  mkdirSync(folder, { recursive: true });
  const [outputFile, schema] = [join(folder, 'output.md'), join(folder, 'schema.json')];
  writeFileSync(outputFile, '');
  writeFileSync(
    schema,
    '{"type":"object","properties":{"fixed":{"type":"boolean"}},"required":["fixed"],"additionalProperties":false}',
  );
  const reported = bench.api.ledger.length;
  const [file = '', ...first] = command;
  const child = spawn(
    file,
    [
      ...[...first, 'exec', '--skip-git-repo-check', '--cd', bench.workTree, '--output-last-message', outputFile],
      ...['--output-schema', schema, '--model', 'gpt-5.3-codex', '--config', 'model_reasoning_effort="high"'],
      ...[...extraArgs, '--sandbox', 'workspace-write'],
    ],
    { cwd: bench.folder, env: { ...env, CODEX_INTERNAL_ORIGINATOR_OVERRIDE: 'codex_github_action' }, stdio: 'pipe' },
  );
  bench.adopt(child);
  child.stdin.end(prompt);
  const [stdout, stderr, [exitCode, signal]] = await Promise.all([
    buffer(child.stdout),
    buffer(child.stderr),
    once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>,
  ]);
  const ledger = bench.api.ledger.slice(reported);
  await untilMetersEnd(bench.folder);
  expect(listProcesses(bench.folder)).toEqual([]);
  return {
    stdout,
    stderr,
    exitCode,
    signal,
    pid: child.pid ?? 0,
    ledger,
    finalMessage: readFileSync(outputFile, 'utf8'),
  };
}

/** The job's environment: GitHub sets CI, the action FORCE_COLOR. */
const jobOf = (bench: Workbench, direct: boolean) => ({
  ...putInPlace(bench, { direct }),
  CI: 'true',
  FORCE_COLOR: '1',
});

/** Runs the step with Codex, then with codex-metered, and compares them. */
async function runBoth(bench: Workbench, step: Omit<Step, 'env'>) {
  const direct = await runStep(bench, { ...step, env: jobOf(bench, true) });
  const metered = await runStep(bench, { ...step, env: jobOf(bench, false) });
  expectUndisturbed(metered, direct);
  expect(metered.finalMessage).toBe(direct.finalMessage);
  return metered;
}

/** Starts the action's proxy, which knows the key, and has Codex talk to it. It refuses all but requests for responses. */
async function putProxyBetween(bench: Workbench): Promise<void> {
  const serverInfo = join(bench.folder, 'server-info.json');
  const proxy = spawn(
    CODEX,
    ['responses-api-proxy', '--server-info', serverInfo, '--upstream-url', `${bench.api.url}/responses`],
    { env: { ...bench.env, HOME: '/nowhere' }, stdio: ['pipe', 'ignore', 'ignore'] },
  );
  onTestFinished(() => void proxy.kill());
  proxy.stdin.end('sk-test\n');
  const port = await waitFor('the proxy', () => {
    return existsSync(serverInfo) && /"port":(\d+)/.exec(readFileSync(serverInfo, 'utf8'))?.[1];
  });
  const config = join(bench.codexHome, 'config.toml');
  const existing = readFileSync(config, 'utf8').replace(/^model_provider = .*$/m, '');
  writeFileSync(
    config,
    `model_provider = "codex-action-responses-proxy"
${existing}
[model_providers.codex-action-responses-proxy]
name = "Codex Action Responses Proxy"
base_url = "http://127.0.0.1:${port}/v1"
wire_api = "responses"
`,
  );
}

describe('openai/codex-action with a codex before Codex on PATH', () => {
  test.for([[[]], [['--json']]])(
    'gets the same, and the record is exact, with codex-args %j',
    async ([extraArgs], { bench }) => {
      bench.api.add(FIX);
      await putProxyBetween(bench);
      const run = await runBoth(bench, { prompt: 'Fix the failing test', extraArgs: extraArgs ?? [] });
      expect([run.exitCode, run.finalMessage]).toEqual([0, '{"fixed":true}']);
      expect(expectExact(bench, run, 2)).toMatchObject({ projectId: 'shop', status: 'completed', notes: [] });
    },
  );

  test('records a run that keeps no session file, though the proxy refuses what Codex asks besides', async ({
    bench,
  }) => {
    bench.api.add(FIX);
    await putProxyBetween(bench);
    const run = await runBoth(bench, { prompt: 'Fix the failing test', extraArgs: ['--ephemeral'] });
    expect(expectSameCounts(bench, run, 2)).toMatchObject({ status: 'completed', notes: [] });
  });

  test('fails the job where the turn fails', async ({ bench }) => {
    bench.api.add(turn('Break', FAILURE));
    const run = await runBoth(bench, { prompt: 'Break' });
    expect(run.exitCode).toBe(1);
  });

  test('works for an unprivileged user, whose environment sudo makes anew', async ({ bench }) => {
    bench.api.add(FIX);
    const reset = (codex: string) => [
      ...['env', '-i', `HOME=${bench.folder}`, `PATH=${dirname(process.execPath)}:/usr/bin:/bin`],
      ...[`CODEX_HOME=${bench.codexHome}`, codex],
    ];
    const prompt = 'Fix the failing test';
    const direct = await runStep(bench, { prompt, env: bench.env, command: reset(CODEX) });
    const metered = await runStep(bench, { prompt, env: bench.env, command: reset(installBeside(bench)) });
    expectUndisturbed(metered, direct);
    expect(metered.exitCode).toBe(0);
    const database = join(bench.folder, '.local', 'share', 'codex-metered', 'usage.db');
    expectExact({ ...bench, database }, metered);
  });
});
