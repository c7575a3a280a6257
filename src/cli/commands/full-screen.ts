import process from 'node:process';
import {
  beginSynchronizedOutput,
  cursorHide,
  cursorShow,
  cursorTo,
  endSynchronizedOutput,
  enterAlternativeScreen,
  eraseEndLine,
  eraseScreen,
  exitAlternativeScreen,
} from 'ansi-escapes';

export interface FullScreenHooks {
  /** A key, as the terminal sends it; Ctrl-C and Ctrl-Z are taken care of. */
  readonly onKey: (key: string) => void;
  /** What was drawn is gone: another size, or back from the background. */
  readonly onLost: () => void;
}

const DISABLE_WRAP = '\u001b[?7l';
const ENABLE_WRAP = '\u001b[?7h';
const CTRL_C = '\u0003';
const CTRL_Z = '\u001a';
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;

/** Draws on the whole terminal. The shell's screen comes back, however the process ends. */
export function openFullScreen({ onKey, onLost }: FullScreenHooks) {
  const { stdin, stdout } = process;
  let shown: readonly string[] = [];
  /** The terminal no longer shows what was drawn last, so that all of it must be drawn again. */
  let isLost = true;
  let isOpen = false;

  const enter = () => {
    isOpen = true;
    isLost = true;
    if (stdin.isTTY) stdin.setRawMode(true);
    stdout.write(enterAlternativeScreen + cursorHide + DISABLE_WRAP);
  };
  const leave = () => {
    if (!isOpen) return;
    isOpen = false;
    try {
      if (stdin.isTTY) stdin.setRawMode(false);
      stdout.write(ENABLE_WRAP + cursorShow + exitAlternativeScreen);
    } catch {
      // The terminal itself is gone.
    }
  };
  const close = () => {
    leave();
    stdin.removeListener('data', receive).pause();
    stdout.removeListener('resize', lose);
    process.removeListener('exit', leave).removeListener('SIGCONT', comeBack);
    for (const signal of ENDING) process.removeListener(signal, end);
  };
  /** Ends as whoever sent the signal wants it, once the terminal is as it was. */
  const end = (signal: NodeJS.Signals) => {
    close();
    process.kill(process.pid, signal);
  };
  const lose = () => {
    isLost = true;
    onLost();
  };
  const comeBack = () => {
    if (isOpen) return;
    enter();
    onLost();
  };
  const receive = (data: Buffer) => {
    const keys = data.toString();
    if (keys.includes(CTRL_C)) end('SIGINT');
    else if (keys.includes(CTRL_Z)) {
      leave();
      process.kill(process.pid, 'SIGTSTP');
    } else onKey(keys);
  };

  process.on('exit', leave).on('SIGCONT', comeBack);
  for (const signal of ENDING) process.on(signal, end);
  stdin.on('data', receive);
  stdout.on('resize', lose);
  enter();
  return {
    size: () => ({ width: Math.max(1, stdout.columns ?? 80), height: Math.max(1, stdout.rows ?? 24) }),
    /** Shows `lines`; only those that differ from the last ones are written, all at once. */
    draw(lines: readonly string[]): void {
      if (!isOpen) return;
      const erase = isLost ? eraseScreen : '';
      if (isLost) shown = [];
      isLost = false;
      const count = Math.max(lines.length, shown.length);
      const changes = Array.from({ length: count }, (_, row) => {
        const line = lines[row] ?? '';
        return line === (shown[row] ?? '') ? '' : cursorTo(0, row) + eraseEndLine + line;
      });
      shown = lines;
      const text = erase + changes.join('');
      if (text) stdout.write(beginSynchronizedOutput + text + endSynchronizedOutput);
    },
    /** Gives the terminal back. */
    close,
  };
}
