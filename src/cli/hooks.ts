import type { HookCommand, HookCommands, HookName } from '../config/hooks.js';
import { messageOf } from '../errors.js';
import type { Log } from '../log.js';
import { identify } from '../report/invocation-json.js';
import { SCHEMA_VERSION } from '../report/sums-json.js';
import type { Invocation, PricedResponse } from '../usage/record.js';

/** How long a hook may take. After that it is killed, with all that it has started. */
const LIMIT_MS = 10_000;

/** The user's own programs, which the meter runs when something happens. Nothing that becomes of them changes the run. */
export interface Hooks {
  /** Starts the hook of that name, where there is one, and gives it `content` as JSON on stdin. Never throws. */
  run(name: HookName, content: object): void;
  /** Runs the hook `unpriced` for each model without a price, once. */
  checkPrices(responses: readonly PricedResponse[]): void;
  /** Resolves when all have ended. */
  settle(): Promise<void>;
}

/** `limitMs` bounds each hook; tests make it shorter. */
export function createHooks(commands: HookCommands, invocation: Invocation, log: Log, limitMs = LIMIT_MS): Hooks {
  const running = new Set<Promise<unknown>>();
  const unpriced = new Set<string>();
  const run = (name: HookName, content: object) => {
    const command = commands[name];
    if (command === undefined) return;
    const head = { schemaVersion: SCHEMA_VERSION, hook: name, at: new Date().toISOString() };
    const facts = { ...head, ...identify(invocation, invocation.attribution.iteration), ...content };
    const ended = runHook(command, `${JSON.stringify(facts)}\n`, invocation.cwd, limitMs).then((failure) => {
      if (failure)
        log.warn('A hook failed; the run is not affected.', { invocation: invocation.id, hook: name, reason: failure });
    });
    running.add(ended);
    void ended.finally(() => running.delete(ended));
  };
  return {
    run,
    checkPrices(responses) {
      for (const { model, costNanoUsd } of responses) {
        if (costNanoUsd !== undefined || unpriced.has(model)) continue;
        unpriced.add(model);
        run('unpriced', { model });
      }
    },
    async settle() {
      await Promise.allSettled(running);
    },
  };
}

/** Resolves with the reason why the hook failed, or with undefined. It has a process group of its own, to be killed as one. */
async function runHook(command: HookCommand, input: string, cwd: string, limitMs: number): Promise<string | undefined> {
  // Loading this takes 3 ms, and most runs have no hook.
  const { spawn } = await import('node:child_process');
  const [file = '', ...args] = typeof command === 'string' ? ['/bin/sh', '-c', command] : command;
  return new Promise((resolve) => {
    const hook = spawn(file, args, { cwd, detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
    const limit = setTimeout(() => {
      killGroup(hook.pid);
      resolve(`it took longer than ${limitMs / 1000} s and was killed`);
    }, limitMs);
    const end = (failure: string | undefined) => {
      clearTimeout(limit);
      resolve(failure);
    };
    hook.once('error', (error) => end(messageOf(error)));
    hook.once('exit', (code, signal) => end(code === 0 ? undefined : `it ended with ${signal ?? code}`));
    // It may not read it.
    hook.stdin.on('error', () => undefined).end(input);
  });
}

function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended meanwhile.
  }
}
