/**
 * Token counts of one model response, or a sum of several.
 * `cachedInput` and `cacheWrite` are within `input`; `reasoning` is within `output`, as the Responses API counts them.
 */
export interface Usage {
  readonly input: number;
  readonly cachedInput: number;
  readonly cacheWrite: number;
  readonly output: number;
  readonly reasoning: number;
}

export const NO_USAGE: Usage = { input: 0, cachedInput: 0, cacheWrite: 0, output: 0, reasoning: 0 };

export function addUsage(a: Usage, b: Usage): Usage {
  return {
    input: a.input + b.input,
    cachedInput: a.cachedInput + b.cachedInput,
    cacheWrite: a.cacheWrite + b.cacheWrite,
    output: a.output + b.output,
    reasoning: a.reasoning + b.reasoning,
  };
}

/** `a - b`, counter by counter; a counter is negative where `b` is larger. */
export function subtractUsage(a: Usage, b: Usage): Usage {
  return {
    input: a.input - b.input,
    cachedInput: a.cachedInput - b.cachedInput,
    cacheWrite: a.cacheWrite - b.cacheWrite,
    output: a.output - b.output,
    reasoning: a.reasoning - b.reasoning,
  };
}

export function sumUsage(usages: Iterable<Usage>): Usage {
  let total = NO_USAGE;
  for (const usage of usages) total = addUsage(total, usage);
  return total;
}

export function equalUsage(a: Usage, b: Usage): boolean {
  return isNoUsage(subtractUsage(a, b));
}

/** True when nothing was counted. Codex prints such zeros for a provider that reports no usage, so a zero is not a fact. */
export function isNoUsage({ input, cachedInput, cacheWrite, output, reasoning }: Usage): boolean {
  return input === 0 && cachedInput === 0 && cacheWrite === 0 && output === 0 && reasoning === 0;
}

/** True when a counter is negative: the difference of two totals of which the later one started anew. */
export function isNegativeUsage({ input, cachedInput, cacheWrite, output, reasoning }: Usage): boolean {
  return input < 0 || cachedInput < 0 || cacheWrite < 0 || output < 0 || reasoning < 0;
}
