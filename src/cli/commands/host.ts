import { COLOURED, type Paint, PLAIN } from '../../report/paint.js';

/** What a command uses of the process that it runs in. A test passes another one. */
export interface Host {
  /** The arguments, without the interpreter and the script. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** Commands open the database without the right to write; by default they bring its schema up to date. */
  readonly access?: 'read-only';
  /** Path of dist/meter.cjs. */
  readonly meter: string;
  readonly stdout: Output;
  readonly stderr: Output;
  /** Resolves when this process is asked to end (Ctrl-C): from then on it does not end by itself. */
  untilStopped(): Promise<void>;
}

export interface Output {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
  hasColors?(count: number, env?: object): boolean;
}

const PIPED_WIDTH = 120;
const NARROWEST = 40;

/** Returns how wide a report may be, in columns, and how its colours are written. */
export function chooseStyle(
  { color }: { readonly color: 'auto' | 'never' },
  host: Host,
): { width: number; paint: Paint } {
  return { width: measureWidth(host), paint: color === 'auto' && wantsColor(host) ? COLOURED : PLAIN };
}

/** COLUMNS wins over the width of the terminal. */
function measureWidth({ env, stdout }: Host): number {
  const asked = Number(env.COLUMNS);
  const width = Number.isInteger(asked) && asked > 0 ? asked : (stdout.isTTY && stdout.columns) || PIPED_WIDTH;
  return Math.max(NARROWEST, width);
}

/** True when `stdout` is a terminal with colours and neither NO_COLOR nor TERM=dumb is set. FORCE_COLOR wins over both. */
export function wantsColor({ env, stdout }: Host): boolean {
  return stdout.hasColors?.(16, env) ?? false;
}
