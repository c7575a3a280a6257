import pty from '@lydell/node-pty';
import type { Ended, Workbench } from './workbench.js';
import { CODEX, METERED } from './workbench.js';

export interface TerminalRun {
  readonly pid: number;
  /** Everything that has appeared on the screen so far, control sequences included. */
  screen(): string;
  /** Types on the keyboard. */
  type(keys: string): void;
  /** Closes the terminal, as its window is closed. */
  hangUp(): void;
  readonly ended: Promise<Pick<Ended, 'pid' | 'ledger' | 'exitCode'> & { signal: number | undefined; screen: string }>;
}

/** Starts Codex, metered unless `direct`, with all three streams on a terminal of its own. */
export function startOnTerminal(
  bench: Workbench,
  args: readonly string[],
  options: { direct?: boolean; codex?: string; env?: Record<string, string> } = {},
): TerminalRun {
  const [file = '', ...first] = options.direct ? [options.codex ?? CODEX] : [process.execPath, METERED];
  return startProgram(bench, [file, ...first, ...args], options);
}

/** Starts a shell with job control on a terminal of its own. `codex` is Codex there, metered unless `direct`. */
export function startShellOnTerminal(bench: Workbench, { direct = false } = {}): TerminalRun {
  const codex = direct ? `"${CODEX}"` : `"${process.execPath}" "${METERED}"`;
  const run = startProgram(bench, ['bash', '--norc', '--noprofile', '-i'], { env: { PS1: '$ ' } });
  run.type(`codex() { ${codex} "$@"; }\n`);
  return run;
}

function startProgram(
  bench: Workbench,
  [file = '', ...args]: readonly string[],
  options: { codex?: string; env?: Record<string, string> },
): TerminalRun {
  const reported = bench.api.ledger.length;
  const codex = options.codex ?? CODEX;
  let screen = '';
  const terminal = pty.spawn(file, [...args], {
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
    // Not in its types, nor is there another way to close our end.
    hangUp: () => (terminal as unknown as { destroy(): void }).destroy(),
    ended: new Promise((resolve) => {
      terminal.onExit(({ exitCode, signal }) => {
        resolve({ pid: terminal.pid, ledger: bench.api.ledger.slice(reported), exitCode, signal, screen });
      });
    }),
  };
}
