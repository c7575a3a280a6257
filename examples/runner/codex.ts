import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

/** What the Codex CLI is called here: a path alone, as `codex` or `codex-metered`. */
const CLI_PATH = process.env.RUNNER_CODEX || 'codex';
export const MODEL = process.env.RUNNER_MODEL || 'gpt-5.3-codex';

export interface CodexCall {
  readonly cwd: string;
  readonly prompt: string;
  readonly sandbox: 'read-only' | 'workspace-write';
  /** Where Codex writes its last message. */
  readonly output: string;
  /** Where both of its streams go. */
  readonly log: string;
  /** The text fields that the last message has. */
  readonly fields: readonly string[];
  /** Sees each event while Codex works, and may pause it, let it go on, or stop it. */
  readonly onEvent?: (event: CodexEvent, signal: (name: NodeJS.Signals) => void) => void;
}

/** A line of `codex exec --json`. */
export interface CodexEvent {
  readonly type?: string;
  readonly item?: { readonly type?: string; readonly text?: string };
}

/** Runs Codex until its end, with the prompt on its stdin. Rejects where it ends in another way than with exit code 0. */
export async function runCodex(call: CodexCall): Promise<void> {
  mkdirSync(dirname(call.output), { recursive: true });
  const log = createWriteStream(call.log, { flags: 'a' });
  const child = spawn(CLI_PATH, codexArgs(call), { cwd: call.cwd, stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = once(child, 'close');
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => log.write(chunk));
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = parseEvent(line);
    if (event) call.onEvent?.(event, (name) => child.kill(name));
  });
  child.stdin.on('error', () => undefined).end(call.prompt);
  try {
    const [code, signal] = await ended;
    if (code !== 0) throw new Error(`codex ended with ${signal ?? `exit code ${code}`}: see ${call.log}`);
  } finally {
    await new Promise<void>((resolve) => log.end(resolve));
  }
}

function codexArgs({ sandbox, output, fields }: CodexCall): string[] {
  const schema = join(dirname(output), 'schema.json');
  const properties = Object.fromEntries(fields.map((name) => [name, { type: 'string' }]));
  writeFileSync(
    schema,
    JSON.stringify({ type: 'object', properties, required: fields, additionalProperties: false }, null, 2),
  );
  return [
    ...['--ask-for-approval', 'never', 'exec', '--json', '--model', MODEL],
    ...['-c', 'model_reasoning_effort="medium"', '--sandbox', sandbox, '--output-schema', schema],
    ...['--output-last-message', output, '--color', 'never', '--skip-git-repo-check', '-'],
  ];
}

function parseEvent(line: string): CodexEvent | undefined {
  try {
    return JSON.parse(line) as CodexEvent;
  } catch {
    return undefined;
  }
}
