import { Pricer } from '../../src/pricing/pricer.js';
import { createPriceBook } from '../../src/pricing/prices.js';
import { openStore } from '../../src/store/store.js';
import type { Invocation, InvocationUpdate, ModelResponse, Note, PricedResponse } from '../../src/usage/record.js';

const MINUTE_MS = 60_000;
const SAID = { project: 'git', run: 'environment', phase: 'output path', iteration: 'output path' } as const;

export interface Loops {
  readonly nowMs: number;
  /** A process that works, and has for as long: the one that is still running is said to be metered by it. */
  readonly running?: { readonly pid: number; readonly forMs: number };
}

/** Fills the database at `path` with metered runs of a builder and a reviewer, the last of them still running. */
export function seedLoops(path: string, { nowMs, running: alive = { pid: process.pid, forMs: 200 } }: Loops): void {
  // The meter of a run that has just ended may still be closing the database.
  const store = openStore(path, { mode: 'write', busyTimeoutMs: 5000 });
  const pricer = new Pricer(createPriceBook());
  const price = (response: ModelResponse): PricedResponse => pricer.price(response).response;
  for (const loop of LOOPS) {
    for (let step = 0; step < loop.steps; step++) {
      const phase = step % 2 === 0 ? 'builder' : 'reviewer';
      const iteration = Math.floor(step / 2) + 1;
      const threadId = `019b${loop.minutesAgo.toString(16).padStart(4, '0')}-${step}000-7000-8000-000000000001`;
      const running = loop.ending === 'running' && step === loop.steps - 1;
      const startedAtMs = running ? nowMs - alive.forMs : nowMs - loop.minutesAgo * MINUTE_MS + step * 7 * MINUTE_MS;
      const id = `${loop.runId}-${step}`;
      const invocation = describeInvocation(phase, { id, runId: loop.runId, iteration, startedAtMs, pid: alive.pid });
      const failed = loop.ending === 'failed' && step === loop.steps - 1;
      const children =
        phase === 'builder' && step > 0 ? [`${threadId.slice(0, -1)}7`, `${threadId.slice(0, -1)}8`] : [];
      const everyMs = running ? alive.forMs / 5 : 30_000;
      const shape = { model: loop.model, startedAtMs, step, everyMs, count: running ? 4 : 9 };
      store.record({
        invocation,
        update: {
          threadId,
          codexVersion: '0.169.0',
          ...(running ? {} : { status: failed ? 'failed' : 'completed', exitCode: failed ? 1 : 0 }),
          ...(running ? {} : { endedAtMs: startedAtMs + (5 + (step % 3)) * MINUTE_MS }),
        },
        responses: [threadId, ...children].flatMap((id) => listResponses({ ...shape, threadId: id }).map(price)),
        notes: failed ? NOTES : [],
      });
    }
  }
  store.close();
}

const LOOPS = [
  { runId: 'nightly-41', steps: 6, minutesAgo: 3000, model: 'gpt-5.3-codex', ending: 'completed' },
  { runId: 'nightly-42', steps: 8, minutesAgo: 1500, model: 'gpt-6.1-sol', ending: 'completed' },
  { runId: 'checkout-refactor', steps: 5, minutesAgo: 400, model: 'gpt-5.3-codex', ending: 'failed' },
  { runId: 'nightly-43', steps: 4, minutesAgo: 26, model: 'gpt-5.3-codex', ending: 'running' },
] as const;

const NOTES: readonly Note[] = [
  { kind: 'fallback', reason: 'a response was cut off and reported no usage', figures: { responses: 1 } },
  {
    kind: 'disagreement',
    reason: 'turn.completed and the session file differ',
    figures: { input: 1200, counted: 2400 },
  },
];

type Described = Pick<Invocation, 'id' | 'startedAtMs'> & { runId: string; iteration: number; pid: number };

function describeInvocation(phase: 'builder' | 'reviewer', described: Described): Invocation {
  const { id, runId, iteration, startedAtMs, pid } = described;
  return {
    id,
    attribution: { projectId: 'shop', runId, phase, iteration, origins: SAID },
    command: phase === 'builder' ? 'exec' : 'exec review',
    cwd: '/home/ada/shop',
    codexHome: '/home/ada/.codex',
    codexPath: '/usr/bin/codex',
    meterPid: pid,
    codexPid: pid,
    startedAtMs,
  };
}

interface Shape {
  readonly threadId: string;
  readonly model: string;
  readonly startedAtMs: number;
  readonly step: number;
  readonly count: number;
  readonly everyMs: number;
}

function listResponses({ threadId, model, startedAtMs, step, count, everyMs }: Shape): ModelResponse[] {
  return Array.from({ length: count }, (_, index) => {
    const input = 14_000 + index * 3100 + step * 700;
    return {
      threadId,
      key: `resp_${index}`,
      turnId: 'turn-1',
      rootTurnId: 'turn-1',
      model,
      serviceTier: undefined,
      usage: {
        ...{ input, cachedInput: index === 0 ? 0 : input - 3300, cacheWrite: 0 },
        ...{ output: 420 + ((index * 37) % 200) + step * 20, reasoning: 160 },
      },
      evidence: 'usage_record',
      source: 'actual',
      completedAtMs: Math.round(startedAtMs + (index + 1) * everyMs),
    };
  });
}

export interface LongLoop {
  readonly nowMs: number;
  readonly iterations: number;
  /** A process that works, and has for as long, and is said to meter the last invocation. Without it all have ended. */
  readonly running?: Loops['running'];
}

/** A budget of $40 for the run, and for the project one of $60 a day, $150 a week and $500 a month. */
const LONG_LIMITS = [
  { scope: 'run', unit: 'usd', amount: 40e9 },
  { scope: 'day', unit: 'usd', amount: 60e9 },
  { scope: 'week', unit: 'usd', amount: 150e9 },
  { scope: 'month', unit: 'usd', amount: 500e9 },
] as const;

/**
 * Fills the database at `path` with one run, `marathon` of the project `shop`, of many iterations: in every 23rd the builder
 * fails, in every 31st nothing comes from the cache, and one invocation was ended by its budget.
 */
export function seedLongLoop(path: string, { nowMs, iterations, running: alive }: LongLoop): void {
  const store = openStore(path, { mode: 'write', busyTimeoutMs: 5000 });
  const pricer = new Pricer(createPriceBook());
  const steps = iterations * 2;
  for (let step = 0; step < steps; step++) {
    const [phase, iteration] = [step % 2 === 0 ? 'builder' : 'reviewer', Math.floor(step / 2) + 1] as const;
    const running = step === steps - 1 ? alive : undefined;
    const startedAtMs = nowMs - (running?.forMs ?? (steps - step) * 4 * MINUTE_MS);
    const id = `marathon-${step}`;
    const threadId = `019c${step.toString(16).padStart(4, '0')}-0000-7000-8000-000000000001`;
    const ending = describeEnding(phase, iteration, iterations);
    const common = { model: 'gpt-5.3-codex', startedAtMs, step: (step * 7) % 11, threadId };
    const shape = { ...common, everyMs: running ? running.forMs / 5 : 25_000 };
    const responses = listResponses({ ...shape, count: phase === 'builder' ? 4 + ((step * 13) % 5) : 2 });
    store.record({
      invocation: describeInvocation(phase, { id, runId: 'marathon', iteration, startedAtMs, pid: alive?.pid ?? 1 }),
      update: {
        threadId,
        codexVersion: '0.171.0',
        budget: { onBudget: 'stop', limits: LONG_LIMITS },
        ...(running ? { contextTokens: 88_000, contextWindowTokens: 272_000 } : ending.update),
        ...(running ? {} : { endedAtMs: startedAtMs + 3 * MINUTE_MS }),
      },
      responses: responses
        .map((one) => (iteration % 31 === 0 ? { ...one, usage: { ...one.usage, cachedInput: 0 } } : one))
        .map((one) => pricer.price(one).response),
      notes: running ? [] : ending.notes,
    });
  }
  store.close();
}

function describeEnding(
  phase: string,
  iteration: number,
  iterations: number,
): { update: InvocationUpdate; notes: Note[] } {
  if (phase === 'builder' && iteration % 23 === 0) return { update: { status: 'failed', exitCode: 1 }, notes: [] };
  if (phase === 'builder' && iteration === Math.floor(iterations / 2)) {
    const reason = 'the budget of the invocation was reached: Codex was ended';
    const notes: Note[] = [{ kind: 'budget', reason, figures: { limitUsd: 0.1, spentUsd: 0.104 } }];
    return { update: { status: 'over budget', exitCode: 99 }, notes };
  }
  return { update: { status: 'completed', exitCode: 0 }, notes: [] };
}
