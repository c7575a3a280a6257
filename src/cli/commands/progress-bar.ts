import { formatCount } from '../../report/amounts.js';
import type { Host } from './host.js';

const CELLS = 24;
const MB = 1_000_000;

/** A line on stderr that is drawn over again and again, when stderr is a terminal. */
export function createStatusLine({ stderr }: Pick<Host, 'stderr'>) {
  let width = 0;
  const draw = (text: string): void => {
    if (!stderr.isTTY) return;
    // Short of the edge: a line that wraps cannot be drawn over.
    const line = text.slice(0, Math.max(0, (stderr.columns ?? 80) - 1));
    stderr.write(`\r${line.padEnd(width)}${line.length < width ? '\b'.repeat(width - line.length) : ''}`);
    width = line.length;
  };
  return {
    draw,
    clear(): void {
      if (width === 0) return;
      draw('');
      stderr.write('\r');
    },
  };
}

interface Amount {
  readonly bytes: number;
  readonly files: number;
}

/** Draws on stderr, when that is a terminal, how far the import has come. */
export function createProgressBar(host: Host) {
  const { draw, clear } = createStatusLine(host);
  return {
    clear,
    show(done: Amount, all: Amount): void {
      const share = Math.min(1, done.bytes / Math.max(1, all.bytes));
      const filled = Math.round(share * CELLS);
      const bar = '█'.repeat(filled) + '░'.repeat(CELLS - filled);
      const percent = `${Math.floor(share * 100)}%`.padStart(4);
      const files = `${formatCount(done.files)} of ${formatCount(all.files)} files`;
      draw(`Reading sessions ${bar} ${percent}  ${files}, ${formatCount(Math.round(all.bytes / MB))} MB`);
    },
  };
}
