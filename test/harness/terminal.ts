import pty from '@lydell/node-pty';
import type { Ended, Workbench } from './workbench.js';
import { CODEX, METERED } from './workbench.js';

export interface TerminalRun {
  readonly pid: number;
  /** Everything that has appeared on the screen so far, control sequences included. */
  screen(): string;
  /** Types on the keyboard. */
  type(keys: string): void;
  readonly ended: Promise<Pick<Ended, 'pid' | 'ledger' | 'exitCode'> & { screen: string }>;
}

/** Starts Codex, metered unless `direct`, with all three streams on a terminal of its own. */
export function startOnTerminal(
  bench: Workbench,
  args: readonly string[],
  options: { direct?: boolean; codex?: string; env?: Record<string, string> } = {},
): TerminalRun {
  const reported = bench.api.ledger.length;
  const codex = options.codex ?? CODEX;
  const [file, first] = options.direct ? [codex, []] : [process.execPath, [METERED]];
  let screen = '';
  const terminal = pty.spawn(file, [...first, ...args], {
    cwd: bench.workTree,
    env: { ...bench.env, CODEX_METERED_CODEX: codex, TERM: 'xterm-256color', ...options.env } as Record<string, string>,
    cols: 200,
    rows: 50,
  });
  terminal.onData((data) => {
    screen += data;
  });
  return {
    pid: terminal.pid,
    screen: () => screen,
    type: (keys) => terminal.write(keys),
    ended: new Promise((resolve) => {
      terminal.onExit(({ exitCode }) => {
        resolve({ pid: terminal.pid, ledger: bench.api.ledger.slice(reported), exitCode, screen });
      });
    }),
  };
}
