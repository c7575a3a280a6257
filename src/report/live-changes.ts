import { cleanText, formatCost } from './amounts.js';
import type { Clock } from './calendar.js';
import { withoutGauge } from './charts.js';
import { type LimitWindow, labelLimit } from './limits.js';
import { costPerMinute, type LiveInvocation, type LiveView, measureAgeMs } from './live.js';
import { describeLive } from './live-table.js';
import { SCHEMA_VERSION, toIso, toSumsJson } from './sums-json.js';

export type LiveChange =
  | { readonly kind: 'invocation'; readonly invocation: LiveInvocation }
  | { readonly kind: 'rate-limit'; readonly limit: LimitWindow };

/** Makes a function that finds what has changed since the view before, oldest first. In the first view everything has; the passing of time is no change. */
export function createChangeFinder(): (view: LiveView) => LiveChange[] {
  const known = new Map<string, string>();
  const isNew = (key: string, state: unknown) => {
    const text = JSON.stringify(state);
    const before = known.get(key);
    known.set(key, text);
    return text !== before;
  };
  return ({ invocations, limits }) => {
    const changes: LiveChange[] = [];
    for (const limit of limits) {
      const { observedAtMs: _, ...state } = limit;
      if (isNew(`limit ${limit.provider} ${labelLimit(limit)}`, state)) changes.push({ kind: 'rate-limit', limit });
    }
    for (const invocation of invocations.toReversed()) {
      if (isNew(invocation.row.id, invocation)) changes.push({ kind: 'invocation', invocation });
    }
    return changes;
  };
}

export interface ChangeOptions {
  readonly nowMs: number;
  readonly clock: Clock;
}

export function describeChange(change: LiveChange, { nowMs, clock }: ChangeOptions): string {
  const time = clock.formatTime(nowMs);
  if (change.kind === 'rate-limit') {
    const { leftPercent, resetsAtMs } = change.limit;
    const left = leftPercent === undefined ? 'renewed' : `${Math.floor(leftPercent)}% left`;
    const resets = resetsAtMs === undefined ? '' : `, resets ${clock.formatMinute(resetsAtMs)}`;
    return `${time} limit ${cleanText(labelLimit(change.limit))}: ${left}${resets}`;
  }
  const { cells } = describeLive(change.invocation, { nowMs, cost: formatCost });
  const parts = [
    `${cells.project} ${cells.run} ${cells.phase}: ${cells.state}`,
    cells.model,
    `${cells.input} in (${cells.cachedInput} cached)`,
    `${cells.output} out`,
    cells.cost,
    ...(cells.context === '-' ? [] : [`context ${withoutGauge(cells.context)}`]),
    ...(cells.budget ? [`budget ${withoutGauge(cells.budget)}`] : []),
  ];
  return `${time} ${parts.join(', ')}`;
}

/** Returns a change as data, as docs/json.md describes it. */
export function toChangeJson(change: LiveChange, nowMs: number): object {
  const head = { schemaVersion: SCHEMA_VERSION, kind: change.kind, at: toIso(nowMs) };
  if (change.kind === 'rate-limit') {
    const { provider, limitId, name, windowMinutes, leftPercent, resetsAtMs, observedAtMs } = change.limit;
    return {
      ...head,
      ...{ provider, limitId, window: name, windowMinutes, leftPercent: leftPercent ?? null },
      resetsAt: toIso(resetsAtMs),
      observedAt: toIso(observedAtMs),
    };
  }
  const { row, state, figures, budget } = change.invocation;
  const perMinute = costPerMinute(change.invocation, nowMs);
  return {
    ...head,
    invocationId: row.id,
    ...{ projectId: row.projectId, runId: row.runId, phase: row.phase, iteration: row.iteration },
    ...{ command: row.command, threadId: row.threadId, status: row.status, state },
    ...{ exitCode: row.exitCode, signal: row.signal },
    startedAt: toIso(row.startedAtMs),
    endedAt: toIso(row.endedAtMs),
    durationMs: measureAgeMs(row, nowMs),
    contextTokens: row.contextTokens,
    contextWindowTokens: row.contextWindowTokens,
    costPerMinuteUsd: perMinute === undefined ? null : perMinute / 1e9,
    budget: budget ? { ...budget.limit, spent: budget.amount } : null,
    ...toSumsJson(figures),
  };
}
