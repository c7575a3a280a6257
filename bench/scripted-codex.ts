import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openDatabase } from '../src/store/driver.js';
import { configFor } from '../test/harness/workbench.js';
import type { Timing } from './rounds.js';
import type { Workspace } from './workspace.js';

const API = fileURLToPath(new URL('./api.ts', import.meta.url));
const ANSWERS = { 'at once': 'answer at once', 'in 5 s': 'answer in 5 s', 'in a loop': 'answer in a loop' } as const;

/** The real Codex in a work tree, with an API that gives one response. */
export interface ScriptedCodex {
  /** Runs `program` with Codex's arguments until it has had its answer. */
  time(program: readonly string[], answer: keyof typeof ANSWERS, env?: RunEnv): Promise<Timing>;
  close(): void;
}

type RunEnv = Readonly<Record<string, string | undefined>>;

/** Starts the API in a process of its own, so that what is measured does not wait for the measuring. */
export async function openScriptedCodex(workspace: Workspace): Promise<ScriptedCodex> {
  const api = workspace.start([process.execPath, '--import', 'tsx', API]);
  if (!api.stdout) throw new Error('the API has no output');
  const [address] = await once(createInterface(api.stdout), 'line');
  writeFileSync(join(workspace.codexHome, 'config.toml'), configFor(String(address)));
  const cwd = join(workspace.folder, 'shop');
  await workspace.time(['git', 'init', '--quiet', cwd]);
  return {
    async time(program, answer, env = {}) {
      const run = await workspace.time([...program, 'exec', '--json', ANSWERS[answer]], { cwd, env, countCpu: true });
      if (!run.stdout.includes('turn.completed')) throw new Error(`${program[0]} had no answer:\n${run.stdout}`);
      return run;
    },
    close: () => void api.stdin?.end(),
  };
}

/** A fast run that recorded nothing, or something else than the API reported, would prove nothing. */
export function expectExactRecords({ database }: Workspace, wanted: number): void {
  const connection = openDatabase(database, { readonly: true });
  const { count } = connection
    .prepare(`SELECT count(*) AS count FROM responses WHERE source = 'actual' AND input_tokens = 9000`)
    .get() as { count: number };
  connection.close();
  if (count !== wanted) throw new Error(`${count} responses are recorded exactly, not ${wanted}`);
}
