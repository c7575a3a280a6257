import pty from '@lydell/node-pty';
import headless from '@xterm/headless';
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

/**
 * Starts a shell on a terminal of its own: with job control, as for a person, or with a `script` to run. `codex` is Codex
 * there, metered unless `direct`.
 */
export function startShellOnTerminal(
  bench: Workbench,
  { direct = false, script = '', env = {} }: { direct?: boolean; script?: string; env?: Record<string, string> } = {},
): TerminalRun {
  const codex = `codex() { ${direct ? `"${CODEX}"` : `"${process.execPath}" "${METERED}"`} "$@"; }\n`;
  if (script) return startProgram(bench, ['bash', '-c', codex + script], { env });
  const run = startProgram(bench, ['bash', '--norc', '--noprofile', '-i'], { env: { PS1: '$ ', ...env } });
  run.type(codex);
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
  const env = { ...bench.env, CODEX_METERED_CODEX: codex, ...options.env };
  const terminal = spawn(file, args, { cwd: bench.workTree, env, cols: 200, rows: 50 });
  terminal.onData((data) => (screen += data));
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

/** A terminal of its own, and what a person sees on it. */
export interface Sheet {
  readonly pid: number;
  /** The lines that are shown now, without trailing spaces. */
  lines(): string[];
  /** Everything that was written, control sequences included. */
  written(): string;
  /** `alternate`: the sheet of a program that fills the screen; `normal`: the shell's. */
  buffer(): 'normal' | 'alternate';
  type(keys: string): void;
  resize(columns: number, rows: number): void;
  kill(signal: string): void;
  readonly ended: Promise<{ readonly exitCode: number; readonly signal: number | undefined }>;
}

/** Runs a program of Node on a terminal that keeps what it shows. */
export function openSheet(
  args: readonly string[],
  options: { env: NodeJS.ProcessEnv; cwd: string; columns?: number; rows?: number },
): Sheet {
  const size = { cols: options.columns ?? 100, rows: options.rows ?? 24 };
  const terminal = spawn(process.execPath, args, { ...options, ...size });
  const emulator = new headless.Terminal({ ...size, allowProposedApi: true });
  let written = '';
  terminal.onData((data) => {
    written += data;
    emulator.write(data);
  });
  return {
    pid: terminal.pid,
    lines: () => {
      const { active } = emulator.buffer;
      return Array.from({ length: emulator.rows }, (_, row) => {
        return active.getLine(active.baseY + row)?.translateToString(true) ?? '';
      });
    },
    written: () => written,
    buffer: () => emulator.buffer.active.type,
    type: (keys) => terminal.write(keys),
    resize(columns, rows) {
      emulator.resize(columns, rows);
      terminal.resize(columns, rows);
    },
    kill: (signal) => terminal.kill(signal),
    ended: new Promise((resolve) => {
      terminal.onExit(({ exitCode, signal }) => resolve({ exitCode, signal: signal || undefined }));
    }),
  };
}

type Spawned = { cwd: string; env: NodeJS.ProcessEnv; cols: number; rows: number };

function spawn(file: string, args: readonly string[], { cwd, env, cols, rows }: Spawned): pty.IPty {
  const variables = { ...env, TERM: 'xterm-256color' } as Record<string, string>;
  return pty.spawn(file, [...args], { cwd, env: variables, cols, rows });
}
