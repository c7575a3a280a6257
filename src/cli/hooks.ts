import type { HookCommand, HookCommands, HookName } from '../config/hooks.js';
import { messageOf } from '../errors.js';
import type { Log } from '../log.js';
import { identify } from '../report/invocation-json.js';
import { SCHEMA_VERSION } from '../report/sums-json.js';
import type { Invocation, PricedResponse } from '../usage/record.js';

/** How long a hook may take. After that it is killed, with all that it has started. */
const LIMIT_MS = 10_000;

export type Hooks = ReturnType<typeof createHooks>;

/**
 * Runs the user's own programs when something happens in the run of `invocation`. Whatever becomes of them, the run is not
 * affected. `limitMs` bounds each hook; tests make it shorter.
 */
export function createHooks(commands: HookCommands, invocation: Invocation, log: Log, limitMs = LIMIT_MS) {
  const running = new Set<Promise<unknown>>();
  return {
    /** Starts the hook of that name, where there is one, and gives it `content` as JSON on stdin. Never throws. */
    run(name: HookName, content: object): void {
      const command = commands[name];
      if (command === undefined) return;
      const head = { schemaVersion: SCHEMA_VERSION, hook: name, at: new Date().toISOString() };
      const facts = { ...head, ...identify(invocation, invocation.attribution.iteration), ...content };
      const ended = runHook(command, `${JSON.stringify(facts)}\n`, invocation.cwd, limitMs).then((reason) => {
        if (reason)
          log.warn('A hook failed; the run is not affected.', { invocation: invocation.id, hook: name, reason });
      });
      running.add(ended);
      void ended.finally(() => running.delete(ended));
    },
    /** Resolves when all have ended. */
    async settle(): Promise<void> {
      await Promise.allSettled(running);
    },
  };
}

/** Returns a function that lists the models without a price among responses, each model once over all calls. */
export function createUnpricedFinder(): (responses: readonly PricedResponse[]) => string[] {
  const found = new Set<string>();
  return (responses) => {
    const unpriced = new Set(responses.flatMap(({ model, costNanoUsd }) => (costNanoUsd === undefined ? model : [])));
    return [...unpriced].filter((model) => !found.has(model) && found.add(model));
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
