import {
  addSpent,
  type BudgetLimit,
  type BudgetPeriod,
  isBudgetPeriod,
  NOTHING_SPENT,
  type Period,
  type Spent,
} from '../usage/budget.js';
import { isUnpriced, type PricedResponse } from '../usage/record.js';

/** How far a limit is used up. */
export interface BudgetLevel {
  readonly limit: BudgetLimit;
  /** In the limit's unit. */
  readonly amount: number;
  /** The part of the limit that is spent: 1 is all of it. */
  readonly share: number;
  readonly spent: Spent;
}

/** `near`: four fifths of a limit are spent; `reached`: all of it is. */
export type BudgetMark = 'near' | 'reached';

export interface BudgetOptions {
  readonly limits: readonly BudgetLimit[];
  /** Finds the day, week or month around a moment (epoch milliseconds) in the user's time zone. */
  readonly findPeriod: (period: BudgetPeriod, atMs: number) => Period;
  /** Reads what all other invocations have spent. When it throws, the figures of the last time are used. */
  readonly readOthers: (scope: OthersScope) => Spent;
  /** Called when `readOthers` has thrown. */
  readonly onFault: (error: unknown) => void;
  /** Called once for each limit and mark. */
  readonly onMark: (level: BudgetLevel, mark: BudgetMark) => void;
}

/** The spending that counts beside the invocation's own: its run's, or its project's in a period. */
export type OthersScope = 'run' | (Period & Pick<BudgetLimit, 'of'>);

const NEAR = 0.8;

/** Compares what an invocation, its run and its project have spent with their limits. */
export class BudgetGuard {
  readonly #options: BudgetOptions;
  readonly #marked = new Map<BudgetLimit, BudgetMark>();
  readonly #others = new Map<string, Spent>();
  readonly #periods = new Map<BudgetPeriod, Period>();

  constructor(options: BudgetOptions) {
    this.#options = options;
  }

  /** The limits that have been reached. */
  get reached(): BudgetLimit[] {
    return [...this.#marked].filter(([, mark]) => mark === 'reached').map(([limit]) => limit);
  }

  /** Compares all limits anew; `responses` are all of the invocation so far. */
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
    const { limits } = this.#options;
    const spent = new Map<string, Spent>();
    for (const { scope, of } of limits) {
      const key = keyOf({ scope, of });
      if (spent.has(key)) continue;
      const startMs = isBudgetPeriod(scope) ? this.#periodAt(scope, nowMs).startMs : Number.NEGATIVE_INFINITY;
      const own = responses.filter(({ completedAtMs }) => completedAtMs >= startMs);
      spent.set(key, addSpent(this.#readOthers({ scope, of }, nowMs), sumSpent(own)));
    }
    return limits.map((limit) => measureLevel(limit, spent.get(keyOf(limit)) ?? NOTHING_SPENT));
  }

  #periodAt(scope: BudgetPeriod, nowMs: number): Period {
    const known = this.#periods.get(scope);
    if (known && nowMs >= known.startMs && nowMs < known.endMs) return known;
    const period = this.#options.findPeriod(scope, nowMs);
    this.#periods.set(scope, period);
    return period;
  }

  #readOthers({ scope, of }: Spenders, nowMs: number): Spent {
    const key = keyOf({ scope, of });
    if (scope === 'invocation') return NOTHING_SPENT;
    try {
      const others = scope === 'run' ? scope : { ...this.#periodAt(scope, nowMs), of };
      this.#others.set(key, this.#options.readOthers(others));
    } catch (error) {
      this.#options.onFault(error);
    }
    return this.#others.get(key) ?? NOTHING_SPENT;
  }
}

type Spenders = Pick<BudgetLimit, 'scope' | 'of'>;

/** Limits with the same key compare with the same spending. */
function keyOf({ scope, of }: Spenders): string {
  return `${scope} of ${of ?? 'machine'}`;
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
