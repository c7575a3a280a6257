import { addSpent, type BudgetLimit, type BudgetScope, NOTHING_SPENT, type Spent } from '../usage/budget.js';
import { isUnpriced, type PricedResponse } from '../usage/record.js';

/** How far a limit is used up. */
export interface BudgetLevel {
  readonly limit: BudgetLimit;
  /** In the limit's unit. */
  readonly amount: number;
  /** Of the limit: 1 is all of it. */
  readonly share: number;
  readonly spent: Spent;
}

/** What has happened to a limit: four fifths of it are spent, or all. */
export type BudgetMark = 'near' | 'reached';

export interface Day {
  readonly startMs: number;
  readonly endMs: number;
}

export interface BudgetOptions {
  readonly limits: readonly BudgetLimit[];
  /** The day around a moment (epoch milliseconds), where the user is. */
  readonly findDay: (atMs: number) => Day;
  /** What all other invocations have spent. What it throws, the last known figures stand in for. */
  readonly readOthers: (scope: 'run' | 'day', day: Day) => Spent;
  /** The figures of others cannot be read. */
  readonly onFault: (error: unknown) => void;
  /** Called once for each limit and mark. */
  readonly onMark: (level: BudgetLevel, mark: BudgetMark) => void;
}

const NEAR = 0.8;

/** Holds what an invocation, its run and its project's day have spent against their limits. */
export class BudgetGuard {
  readonly #options: BudgetOptions;
  readonly #marked = new Map<BudgetLimit, BudgetMark>();
  readonly #others = new Map<BudgetScope, Spent>();
  #day: Day | undefined;

  constructor(options: BudgetOptions) {
    this.#options = options;
  }

  /** The limits that have been reached. */
  get reached(): BudgetLimit[] {
    return [...this.#marked].filter(([, mark]) => mark === 'reached').map(([limit]) => limit);
  }

  /** Looks at all limits anew; `responses` are all of the invocation so far. */
  check(responses: readonly PricedResponse[], nowMs: number): void {
    for (const level of this.measure(responses, nowMs)) {
      const mark = level.share >= 1 ? 'reached' : level.share >= NEAR ? 'near' : undefined;
      const before = this.#marked.get(level.limit);
      if (mark === undefined || mark === before || before === 'reached') continue;
      this.#marked.set(level.limit, mark);
      this.#options.onMark(level, mark);
    }
  }

  measure(responses: readonly PricedResponse[], nowMs: number): BudgetLevel[] {
    const { limits, findDay } = this.#options;
    if (!this.#day || nowMs >= this.#day.endMs || nowMs < this.#day.startMs) this.#day = findDay(nowMs);
    const day = this.#day;
    const spent = new Map<BudgetScope, Spent>();
    for (const scope of new Set(limits.map((limit) => limit.scope))) {
      const own = scope === 'day' ? responses.filter(({ completedAtMs }) => completedAtMs >= day.startMs) : responses;
      spent.set(scope, addSpent(this.#readOthers(scope, day), sumSpent(own)));
    }
    return limits.map((limit) => measureLevel(limit, spent.get(limit.scope) ?? NOTHING_SPENT));
  }

  #readOthers(scope: BudgetScope, day: Day): Spent {
    if (scope === 'invocation') return NOTHING_SPENT;
    try {
      this.#others.set(scope, this.#options.readOthers(scope, day));
    } catch (error) {
      this.#options.onFault(error);
    }
    return this.#others.get(scope) ?? NOTHING_SPENT;
  }
}

/** What counts of `responses`. A response without a price counts by its tokens alone. */
export function sumSpent(responses: readonly PricedResponse[]): Spent {
  return responses.reduce<Spent>((sum, response) => {
    const { usage, costNanoUsd, source } = response;
    return addSpent(sum, {
      nanoUsd: costNanoUsd ?? 0,
      tokens: usage.input + usage.output,
      unpricedResponses: isUnpriced(response) ? 1 : 0,
      inexactResponses: source === 'actual' ? 0 : 1,
    });
  }, NOTHING_SPENT);
}

export function measureLevel(limit: BudgetLimit, spent: Spent): BudgetLevel {
  const amount = limit.unit === 'usd' ? spent.nanoUsd : spent.tokens;
  return { limit, amount, share: amount / limit.amount, spent };
}
