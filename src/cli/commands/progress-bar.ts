import { formatCount } from '../../report/amounts.js';
import type { Host } from './host.js';

export interface ProgressBar {
  show(done: Amount, all: Amount): void;
  clear(): void;
}

interface Amount {
  readonly bytes: number;
  readonly files: number;
}

const CELLS = 24;
const MB = 1_000_000;

/** A line on stderr that is drawn over again and again, when stderr is a terminal. */
export interface StatusLine {
  draw(text: string): void;
  clear(): void;
}

export function createStatusLine({ stderr }: Pick<Host, 'stderr'>): StatusLine {
  let width = 0;
  const draw = (text: string) => {
    if (!stderr.isTTY) return;
    // Short of the edge: a line that wraps cannot be drawn over.
    const line = text.slice(0, Math.max(0, (stderr.columns ?? 80) - 1));
    stderr.write(`\r${line.padEnd(width)}${line.length < width ? '\b'.repeat(width - line.length) : ''}`);
    width = line.length;
  };
  return {
    draw,
    clear() {
      if (width === 0) return;
      draw('');
      stderr.write('\r');
    },
  };
}

/** Draws on stderr, when that is a terminal. */
export function createProgressBar(host: Host): ProgressBar {
  const { draw, clear } = createStatusLine(host);
  return {
    clear,
    show(done, all) {
      const share = Math.min(1, done.bytes / Math.max(1, all.bytes));
      const filled = Math.round(share * CELLS);
      const bar = '█'.repeat(filled) + '░'.repeat(CELLS - filled);
      const percent = `${Math.floor(share * 100)}%`.padStart(4);
      draw(
        `Reading sessions ${bar} ${percent}  ${formatCount(done.files)} of ${formatCount(all.files)} files, ${formatCount(Math.round(all.bytes / MB))} MB`,
      );
    },
  };
}
