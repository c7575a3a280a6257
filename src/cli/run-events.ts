import { messageOf } from '../errors.js';
import { replaceFile } from '../files/regular-file.js';
import { createLineSink } from '../io/line-sink.js';
import type { BudgetLevel, BudgetMark } from '../meter/budget.js';
import {
  type InvocationFacts,
  identify,
  toInvocationReport,
  toLevelJson,
  toPricedResponseJson,
  toTotalsJson,
} from '../report/invocation-json.js';
import { SCHEMA_VERSION } from '../report/sums-json.js';
import type { Invocation, PricedResponse } from '../usage/record.js';

export interface EventTargets {
  readonly reportPath: string | undefined;
  /** An open descriptor. */
  readonly eventsFd: number | undefined;
  /** Writes a line to the caller's stderr. */
  readonly say: (line: string) => void;
}

export type RunEvents = NonNullable<ReturnType<typeof createRunEvents>>;

/**
 * Writes for a runner what becomes of an invocation: a line for each event as it happens, and a report at the end. Undefined
 * where neither was asked for.
 */
export function createRunEvents({ reportPath, eventsFd, say }: EventTargets) {
  if (reportPath === undefined && eventsFd === undefined) return undefined;
  const events = eventsFd === undefined ? undefined : createLineSink(eventsFd);
  let invocationId: string | undefined;
  const emit = (event: string, content: object) => {
    const head = { schemaVersion: SCHEMA_VERSION, event, at: new Date().toISOString(), invocationId };
    events?.write(JSON.stringify({ ...head, ...content }));
  };
  return {
    started(invocation: Invocation): void {
      invocationId = invocation.id;
      const { codexPid, attribution } = invocation;
      emit('start', { ...identify(invocation, attribution.iteration), codexPid: codexPid ?? null });
    },
    /** `fresh` are new or corrected; `all` are the invocation's. */
    recorded(fresh: readonly PricedResponse[], all: readonly PricedResponse[]): void {
      if (!events) return;
      const totals = toTotalsJson(all);
      for (const response of fresh) emit('response', { ...toPricedResponseJson(response), totals });
    },
    marked: (level: BudgetLevel, mark: BudgetMark) => emit('budget', { mark, ...toLevelJson(level) }),
    /** When the report cannot be written, a line on stderr says so. Never rejects. */
    async ended(facts: InvocationFacts): Promise<void> {
      const content = toInvocationReport(facts);
      emit('end', { ...content, droppedEventCount: events?.dropped ?? 0 });
      try {
        if (reportPath !== undefined) replaceFile(reportPath, `${JSON.stringify(content, null, 2)}\n`);
      } catch (error) {
        say(`the report could not be written: ${messageOf(error)}. The record is complete: codex-usage run --json`);
      }
      await events?.close();
    },
  };
}
