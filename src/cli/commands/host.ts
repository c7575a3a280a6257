import { COLOURED, type Paint, PLAIN } from '../../report/paint.js';

/** What a command needs of the process it runs in; a test hands in its own. */
export interface Host {
  /** Without the interpreter and the script. */
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly cwd: string;
  /** The file of the meter, which runs start beside Codex. */
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

/** How wide a report may be, and whether it has colours. */
export function describeLook(
  { color }: { readonly color: 'auto' | 'never' },
  host: Host,
): { width: number; paint: Paint } {
  return { width: measureWidth(host), paint: color === 'auto' && wantsColor(host) ? COLOURED : PLAIN };
}

/** COLUMNS, or how wide the terminal is, or what suits a pipe. */
function measureWidth({ env, stdout }: Host): number {
  const asked = Number(env.COLUMNS);
  const width = Number.isInteger(asked) && asked > 0 ? asked : (stdout.isTTY && stdout.columns) || PIPED_WIDTH;
  return Math.max(NARROWEST, width);
}

/** True when `stdout` is a terminal with colours and neither NO_COLOR nor TERM=dumb is set. FORCE_COLOR wins over both. */
export function wantsColor({ env, stdout }: Host): boolean {
  return stdout.hasColors?.(16, env) ?? false;
}
