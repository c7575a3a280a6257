import { resolve } from 'node:path';
import { messageOf } from '../errors.js';
import { openLineSink } from '../io/line-sink.js';
import { openReportFile } from '../io/report-file.js';
import type { BudgetLevel, BudgetMark } from '../meter/budget.js';
import {
  type InvocationFacts,
  identify,
  toInvocationReport,
  toLevelJson,
  toResponseJson,
  toTotalsJson,
} from '../report/invocation-json.js';
import { SCHEMA_VERSION } from '../report/sums-json.js';
import type { Invocation, PricedResponse } from '../usage/record.js';
import { saidAll, say } from './say.js';
import type { Given, WrapperOptions } from './wrapper-options.js';

/** What a runner is told of an invocation: a line for each thing as it happens, and a report at the end. */
export interface Hooks {
  started(invocation: Invocation): void;
  /** `fresh` have become known, or are known better; `all` are the invocation's. */
  booked(fresh: readonly PricedResponse[], all: readonly PricedResponse[]): void;
  marked(level: BudgetLevel, mark: BudgetMark): void;
  /** A report that cannot be written is said on stderr. Never rejects. */
  ended(facts: InvocationFacts): Promise<void>;
}

/** Opens what `--meter-report` and `--meter-events` name; undefined where neither does. Throws a UsageError. */
export function openHooks(options: WrapperOptions): Hooks | undefined {
  const [reportTo, eventsTo] = [options.get('report'), options.get('events')];
  if (!reportTo && !eventsTo) return undefined;
  const events = eventsTo && openLineSink(nameTarget(eventsTo), eventsTo.place);
  const report = reportTo && openReportFile(resolve(reportTo.value), reportTo.place);
  let invocationId: string | undefined;
  const emit = (event: string, content: object) => {
    const head = { schemaVersion: SCHEMA_VERSION, event, at: new Date().toISOString(), invocationId };
    events?.write(JSON.stringify({ ...head, ...content }));
  };
  return {
    started(invocation) {
      invocationId = invocation.id;
      const { codexPid, attribution } = invocation;
      emit('start', { ...identify(invocation, attribution.iteration), codexPid: codexPid ?? null });
    },
    booked(fresh, all) {
      if (!events) return;
      const totals = toTotalsJson(all);
      for (const response of fresh) emit('response', { ...toResponseJson(response), totals });
    },
    marked: (level, mark) => emit('budget', { mark, ...toLevelJson(level) }),
    async ended(facts) {
      const content = toInvocationReport(facts);
      emit('end', { ...content, droppedEventCount: events?.dropped ?? 0 });
      try {
        report?.write(`${JSON.stringify(content, null, 2)}\n`);
      } catch (error) {
        say(`the report could not be written: ${messageOf(error)}. The record is complete: codex-usage run --json`);
      }
      await events?.close();
      // What is loaded later is bundled by itself, and says what it has to say in a line of its own.
      await saidAll();
    },
  };
}

function nameTarget({ value }: Given): string {
  return value.startsWith('fd:') ? value : resolve(value);
}
