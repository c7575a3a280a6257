import { listLimits, type Settings } from '../config/settings.js';
import { messageOf } from '../errors.js';
import type { Log } from '../log.js';
import { BudgetGuard, type BudgetLevel, type BudgetMark, type OthersScope, sumSpent } from '../meter/budget.js';
import { createCalendar, findPeriod } from '../report/calendar.js';
import type { Spent } from '../usage/budget.js';
import type { Attribution, Note, PricedResponse } from '../usage/record.js';
import { describeLevel, describeStop, describeStopped } from './sentences.js';

export interface BudgetWatchOptions {
  readonly settings: Settings;
  readonly attribution: Attribution;
  readonly readOthers: (scope: OthersScope) => Spent;
  readonly note: (note: Note) => void;
  readonly onMark: (level: BudgetLevel, mark: BudgetMark) => void;
  /** Ends Codex. */
  readonly stop: () => void;
  /** Writes a line to the caller's stderr. */
  readonly say: (line: string) => void;
  readonly log: Log;
}

/** Checks the limits of one invocation, reports them and ends Codex. Undefined where there are no limits. */
export function watchBudget(options: BudgetWatchOptions) {
  const { settings, attribution, note, stop, say, log } = options;
  const limits = listLimits(settings);
  if (limits.length === 0) return undefined;
  const calendar = createCalendar(settings.timeZone.value);
  const stops = settings.onBudget.value === 'stop';
  let faultReported = false;
  const guard = new BudgetGuard({
    limits,
    findPeriod: (period, atMs) => findPeriod(calendar, period, atMs),
    readOthers: options.readOthers,
    onFault(error) {
      if (faultReported) return;
      faultReported = true;
      say('what others have spent of the budget cannot be read: this invocation alone counts. See the log.');
      log.warn('What others have spent of the budget cannot be read.', { reason: messageOf(error) });
    },
    onMark(level, mark) {
      const ends = mark === 'reached' && stops;
      options.onMark(level, mark);
      if (mark === 'reached') note(describeNote(level, stops));
      say(ends ? describeStop(level, attribution) : describeLevel(level, attribution));
      if (ends) stop();
    },
  });
  return {
    /** Checks the limits; `all` are the invocation's responses so far. Never throws. */
    check(all: readonly PricedResponse[]): void {
      try {
        guard.check(all, Date.now());
      } catch (error) {
        log.warn('The budget could not be checked.', { reason: messageOf(error) });
      }
    },
    /** Says that limits in USD do not hold for a model without a price. */
    warnOfUnpriced(model: string): void {
      if (limits.every(({ unit }) => unit !== 'usd')) return;
      say(`no price is known for ${model}: it counts toward budgets in tokens, not toward those in USD.`);
    },
    /** How far each limit is used up. */
    measure: (all: readonly PricedResponse[]) => guard.measure(all, Date.now()),
    /** Whether a limit was reached that ends Codex. */
    isStopped: () => stops && guard.reached.length > 0,
    /** Says what the invocation cost, where a limit was reached that ends Codex. Returns whether one was. */
    conclude(all: readonly PricedResponse[]): 'within' | 'stopped' {
      const { reached } = guard;
      if (!stops || reached.length === 0) return 'within';
      const levels = guard.measure(all, Date.now()).filter(({ limit }) => reached.includes(limit));
      say(describeStopped(levels, sumSpent(all), all.length, attribution));
      return 'stopped';
    },
  };
}

function describeNote({ limit, amount, spent }: BudgetLevel, stops: boolean): Note {
  const { scope, unit } = limit;
  const isUsd = unit === 'usd';
  return {
    kind: 'budget',
    reason: `the budget of the ${scope} was reached${stops ? ': Codex was ended' : ''}`,
    figures: {
      [isUsd ? 'limitUsd' : 'limitTokens']: isUsd ? limit.amount / 1e9 : limit.amount,
      [isUsd ? 'spentUsd' : 'spentTokens']: isUsd ? amount / 1e9 : amount,
      unpricedResponses: spent.unpricedResponses || undefined,
    },
  };
}
