import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type Phase = 'builder' | 'reviewer' | 'handoff';

export interface Step {
  readonly phase: Phase;
  readonly iteration: number;
  readonly prompt: string;
  readonly sandbox: 'read-only' | 'workspace-write';
}

export interface Settings {
  /** The Codex CLI: `codex`, or `codex-metered`, or a path. */
  readonly codex: string;
  readonly model: string;
  readonly workTree: string;
  /** The folder of this run: its name is the run's id. */
  readonly runFolder: string;
}

/** Codex was asked to stop, or ended without a result. */
export class StepError extends Error {}

const running = new Set<ChildProcess>();

/** Asks every Codex that runs to stop. It ends by itself, with what it has done so far in its log. */
export function stopSteps(): void {
  for (const child of running) child.kill('SIGTERM');
}

/**
 * Runs one step: prompt on stdin, both streams into `codex.log`, the answer in `result.json`, all in a folder of the
 * step's own, `<run>/<phase>/iter-N`. Returns the answer. Rejects with a StepError.
 */
export async function runStep(settings: Settings, step: Step): Promise<unknown> {
  const folder = join(settings.runFolder, step.phase, `iter-${step.iteration}`);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'prompt.txt'), step.prompt);
  const result = join(folder, 'result.json');
  const log = openSync(join(folder, 'codex.log'), 'a');
  const child = spawn(settings.codex, codexArgs(settings, step, result), {
    cwd: settings.workTree,
    stdio: ['pipe', log, log],
  });
  closeSync(log);
  running.add(child);
  child.stdin?.on('error', () => undefined).end(step.prompt);
  const [code, signal] = await once(child, 'close').finally(() => running.delete(child));
  if (code !== 0) {
    throw new StepError(
      `${step.phase} ${step.iteration} ended with ${signal ?? `exit code ${code}`}: see ${folder}/codex.log`,
    );
  }
  return JSON.parse(await readFile(result, 'utf8'));
}

function codexArgs({ model }: Settings, { phase, sandbox }: Step, result: string): string[] {
  const schema = fileURLToPath(new URL(`schemas/${phase}.json`, import.meta.url));
  return [
    ...['--ask-for-approval', 'never', 'exec', '--json', '--model', model],
    ...['-c', 'model_reasoning_effort="medium"', '--sandbox', sandbox, '--output-schema', schema],
    ...['--output-last-message', result, '--color', 'never', '-'],
  ];
}
