import { findDescendants, type Tree } from './tree.js';

/** How long Codex and what it has started may take to end after each signal. */
const GRACE_MS = 5000;

export interface Stoppable {
  readonly pid: number;
  readonly kill: (signal: NodeJS.Signals) => void;
  /** Resolves when it has ended. */
  readonly exited: Promise<unknown>;
}

/**
 * Ends Codex in order: SIGINT, on which it ends its turn and its tools; then SIGTERM and SIGKILL, which reach what it
 * has started as well. Codex shares the caller's process group, and its tools have groups of their own, so its tree of
 * processes is what is ended, and nobody else. What a tool has left running when Codex is gone goes the same way: it
 * may spend, too. Resolves when all has been sent.
 */
export async function stopCodex({ pid, kill, exited }: Stoppable): Promise<void> {
  const trees = [findDescendants(pid)];
  kill('SIGINT');
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (await endsWithin(exited, GRACE_MS)) return await endRest(trees);
    trees.push(findDescendants(pid));
    kill(signal);
    for (const tree of trees) tree.signal(signal);
  }
}

async function endRest(trees: readonly Tree[]): Promise<void> {
  const signal = (one: NodeJS.Signals | 0) => trees.reduce((reached, tree) => reached + tree.signal(one), 0);
  const deadline = performance.now() + GRACE_MS;
  for (let left = signal('SIGTERM'); left > 0; left = signal(0)) {
    if (performance.now() > deadline) return void signal('SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, GRACE_MS / 100));
  }
}

function endsWithin(exited: Promise<unknown>, limitMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), limitMs);
    void exited.then(() => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}
