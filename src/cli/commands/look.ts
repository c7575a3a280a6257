import { COLOURED, type Paint, PLAIN } from '../../report/paint.js';
import { type Host, measureWidth, wantsColor } from './host.js';

/** How wide a report may be, and whether it has colours. */
export function describeLook(
  { color }: { readonly color: 'auto' | 'never' },
  host: Host,
): { width: number; paint: Paint } {
  return { width: measureWidth(host), paint: color === 'auto' && wantsColor(host) ? COLOURED : PLAIN };
}
