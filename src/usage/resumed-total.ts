import {
  isNegativeUsage,
  isNoUsage,
  keepPossible,
  keepReported,
  NO_USAGE,
  subtractUsage,
  type Usage,
} from './usage.js';

/** What is recorded of a thread, without the run whose printed total is being read. */
export interface RecordedBefore {
  readonly usage: Usage;
  /** The version of the Codex that wrote the newest of it, where that is known. */
  readonly codexVersion: string | undefined;
}

/**
 * What a run used of a total of its thread. `rest`: the total less what was recorded before. `all`: the total is of the run
 * alone. `nothing`: all of the total was recorded before.
 */
export interface RunUsage {
  readonly part: 'rest' | 'all' | 'nothing';
  readonly usage: Usage;
}

/**
 * Computes what a run used from a total that Codex printed at its end (`turn.completed`, the footer) when the run may have
 * resumed a thread. Since about 0.80 the total is of all turns of the thread; from 0.44 to 0.77 it is of the run alone
 * (measured). The output does not say which Codex printed it: a total smaller than what was recorded before shows that it
 * is of the run alone, unless the thread is known to be of a newer Codex. There more was recorded than totals hold, such as
 * compactions by the provider, and only what exceeds it is known to be new.
 */
export function findRunUsage(total: Usage, { usage, codexVersion }: RecordedBefore): RunUsage {
  const before = keepReported(usage, total, 'codex');
  if (isNoUsage(before)) return { part: 'all', usage: total };
  const rest = subtractUsage(total, before);
  if (isNegativeUsage(rest) && !countsOverThread(codexVersion)) return { part: 'all', usage: total };
  const used = keepPossible(rest);
  return isNoUsage(used) ? { part: 'nothing', usage: NO_USAGE } : { part: 'rest', usage: used };
}

/** The same for a total of uncached input and output together. The result is returned as input. */
export function findRunUsageOfBlend(total: number, { usage, codexVersion }: RecordedBefore): RunUsage {
  const before = { ...NO_USAGE, input: usage.input - usage.cachedInput + usage.output };
  return findRunUsage({ ...NO_USAGE, input: total }, { usage: before, codexVersion });
}

function countsOverThread(codexVersion: string | undefined): boolean {
  const [major = 0, minor = 0] = (codexVersion ?? '').split('.').map(Number);
  return major > 0 || minor >= 80;
}
