import type { Paint } from './paint.js';
import { cutText, measureWidth } from './table.js';

export interface Bar {
  readonly label: string;
  readonly amount: number;
  /** What stands behind it. */
  readonly text: string;
}

const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];
const WIDEST_BAR = 72;
const NARROWEST_BAR = 8;
const GAP = 2;

/** A line for each bar, as long as its share of the largest. */
export function renderBars(bars: readonly Bar[], width: number, paint: Paint): string[] {
  const most = Math.max(...bars.map(({ amount }) => amount));
  const textWidth = Math.max(...bars.map(({ text }) => measureWidth(text)));
  const room = Math.max(NARROWEST_BAR, width - textWidth - NARROWEST_BAR - 2 * GAP);
  const labelWidth = Math.min(room, Math.max(...bars.map(({ label }) => measureWidth(label))));
  const barWidth = Math.min(WIDEST_BAR, Math.max(NARROWEST_BAR, width - labelWidth - textWidth - 2 * GAP));
  return bars.map(({ label, amount, text }) => {
    const bar = most > 0 ? drawBar((amount / most) * barWidth) : '';
    const name = cutText(label, labelWidth);
    const padding = ' '.repeat(labelWidth - measureWidth(name) + GAP);
    const rest = ' '.repeat(barWidth - bar.length + GAP + textWidth - measureWidth(text));
    return `${name}${padding}${bar && paint('green', bar)}${rest}${text}`.trimEnd();
  });
}

/** What is more than nothing is seen. */
function drawBar(length: number): string {
  if (length <= 0) return '';
  const eighths = Math.max(1, Math.round(length * 8));
  return '█'.repeat(Math.floor(eighths / 8)) + (EIGHTHS[eighths % 8] ?? '');
}
