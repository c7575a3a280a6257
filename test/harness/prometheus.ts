import { spawnSync } from 'node:child_process';

/** Debian's package `prometheus` has both programs; macOS and others get them from its releases. */
const PROMTOOL = 'promtool';

export const HAS_PROMTOOL: boolean = spawnSync(PROMTOOL, ['--version']).status === 0;

/** What is added to the name of a test that is left out where promtool is missing. */
export const NEEDS_PROMTOOL: string = HAS_PROMTOOL ? '' : ' (left out: promtool is not on the PATH)';

/** Runs promtool. Returns its exit code, and all that it has written. */
export function promtool(
  args: readonly string[],
  input = '',
): { readonly exitCode: number | null; readonly output: string } {
  const { status, stdout, stderr } = spawnSync(PROMTOOL, args, { input, encoding: 'utf8' });
  return { exitCode: status, output: stdout + stderr };
}

/** Reads a text of Prometheus: the value of each series, by its name with its labels. */
export function parseSeries(text: string): Record<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}
