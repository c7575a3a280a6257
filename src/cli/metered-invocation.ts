import { fileURLToPath } from 'node:url';
import type { Paths } from '../config/paths.js';
import { listLimits, listMirrorSettings, listPrices } from '../config/settings.js';
import { StoreError } from '../errors.js';
import type { Log } from '../log.js';
import { createFleetPush } from '../meter/fleet-push.js';
import type { RunFacts, Settled } from '../meter/messages.js';
import { type End, type Meter, type MeterOptions, startMeter } from '../meter/meter.js';
import type { PendingCause } from '../meter/recorder.js';
import type { ServerHome } from '../meter/settlement.js';
import { monotonicMs } from '../node/clock.js';
import { createPriceBook } from '../pricing/prices.js';
import { findShortWindows } from '../report/budget-status.js';
import { describeUsageLine, type InvocationFacts, toInvocationReport, toLevelJson } from '../report/invocation-json.js';
import { Mirror } from '../store/mirror.js';
import { keepPending } from '../store/pending.js';
import { takeInPending } from '../store/pending-intake.js';
import { readRateLimits } from '../store/rate-limits.js';
import { openStore, type Store } from '../store/store.js';
import { BUDGET_EXIT_CODE } from '../usage/budget.js';
import type { Note, PricedResponse } from '../usage/record.js';
import { readSpentByOthers } from './budget-refusal.js';
import { watchBudget } from './budget-watch.js';
import { catchUp, loadPendingParser } from './catch-up.js';
import type { FleetSpending } from './fleet-budget.js';
import { createUnpricedFinder, type Hooks } from './hooks.js';
import type { Voice } from './metering.js';
import type { RunEvents } from './run-events.js';
import { describeSummary, describeWindow } from './sentences.js';

export type MeteredInvocation = ReturnType<typeof meterInvocation>;

export interface InvocationTools extends Pick<RunFacts, 'settings' | 'command' | 'unknownPhase' | 'emit'> {
  readonly serverHome: ServerHome;
  readonly invocation: MeterOptions['invocation'] & { readonly codexPid: number };
  readonly telemetry: MeterOptions['telemetry'] | undefined;
  /** What is to be noted of it from the start. */
  readonly notes: readonly Note[];
  readonly paths: Paths;
  readonly log: Log;
  readonly events: RunEvents | undefined;
  readonly hooks: Hooks;
  readonly voice: Voice;
  /** What the fleet had spent when the run began; it resolves to undefined where no limit is of the fleet. */
  readonly fleet: Promise<FleetSpending | undefined>;
}

/** Meters a Codex that has been started: connects it with its database, budget, mirror, events and hooks. */
export function meterInvocation(tools: InvocationTools) {
  const { invocation, serverHome, telemetry, settings, command, paths, log, events, hooks, voice } = tools;
  const { id, attribution } = invocation;
  const prices = createPriceBook({ user: listPrices(settings) });
  const mirror = new Mirror({ ...listMirrorSettings(settings), ...paths }, log);
  // Other commands may run no thread at all.
  if (command.threads === 'one') mirror.expect(id);
  const fleetPush = createFleetPush({
    targets: settings.fleet.map(({ value }) => value),
    database: paths.database,
    usage: USAGE,
    log,
  });
  let store: Store | undefined;
  let catchingUp: Promise<void> | undefined;
  let pendingCause: PendingCause['cause'] | undefined;
  let responses: readonly PricedResponse[] = [];
  let fleet: FleetSpending | undefined;
  const findUnpriced = createUnpricedFinder();
  void tools.fleet.then((answer) => {
    fleet = answer;
    if (answer?.problem === undefined) return;
    meter.note({ ...FLEET_SILENT, figures: { reason: answer.problem } });
    log.warn('What the fleet has spent of the budget is not known.', { reason: answer.problem });
  });
  const budget = watchBudget({
    ...{ settings, attribution, say: voice.say, stop: voice.stop, log },
    readOthers: (scope) => {
      if (!store) throw new Error('the database is not open');
      return readSpentByOthers(store, { ...attribution, invocationId: id }, scope, fleet);
    },
    note: (note) => meter.note(note),
    onMark: (level, mark) => {
      events?.marked(level, mark);
      hooks.run(mark, { budget: toLevelJson(level) });
    },
  });
  let windowsChecked = settings.onBudget.value !== 'warn';
  /** Where `--meter-on-budget` is `stop`, Codex would not have been started. */
  const warnOfShortWindows = ({ connection }: Store) => {
    if (windowsChecked) return;
    windowsChecked = true;
    const windows = findShortWindows(readRateLimits(connection), settings.minLeft.value, invocation.startedAtMs);
    for (const window of windows) {
      voice.say(describeWindow(window));
      const { name, leftPercent, minPercent } = window;
      meter.note({ ...LITTLE_LEFT, figures: { window: name, leftPercent, minPercent } });
    }
  };
  events?.started(invocation);
  const meter: Meter = startMeter({
    ...{ invocation, serverHome, command, pid: invocation.codexPid, prices, log, ...(telemetry && { telemetry }) },
    isOverBudget: () => budget?.isStopped() ?? false,
    budget: budget && { onBudget: settings.onBudget.value, limits: listLimits(settings) },
    onResponses: (fresh, all) => {
      responses = all;
      events?.recorded(fresh, all);
      for (const model of findUnpriced(fresh)) {
        hooks.run('unpriced', { model });
        budget?.warnOfUnpriced(model);
      }
      budget?.check(all);
      fleetPush?.start();
    },
    open: async () => {
      await catchingUp;
      const parse = await loadPendingParser(paths);
      store?.close();
      store = mirror.watch(openStore(paths.database, { mode: 'write' }));
      warnOfShortWindows(store);
      catchingUp = catchUp({ store, pending: paths, parse, mirror, prices, log });
      return store;
    },
    keepPending: (change) => keepPending(paths, change),
  });
  // Other commands may run no thread, and leave no record.
  if (command.threads === 'one') {
    for (const note of tools.notes) meter.note(note);
    for (const { path, reason } of settings.passedOver) meter.note({ ...PASSED_OVER, figures: { path, reason } });
  }
  const { unknownPhase } = tools;
  if (unknownPhase !== undefined) meter.note({ ...UNKNOWN_PHASE, figures: { name: unknownPhase } });
  return {
    observe: meter.observe,
    /** Takes what a request that Codex made to our telemetry sink reports. */
    observeTelemetry: meter.observeTelemetry,
    /** Records what is left. `lostLines` did not reach us. Never rejects. */
    async finish(end: End, lostLines: number): Promise<Settled> {
      if (lostLines > 0) meter.note({ ...LINES_LOST, figures: { lines: lostLines } });
      const summary = await meter.finish(end);
      pendingCause = summary?.pending?.cause;
      const outcome = budget?.conclude(responses) ?? 'within';
      const facts: InvocationFacts = {
        ...{ invocation, iteration: undefined, threadId: undefined, codexVersion: undefined },
        ...(summary ?? { notes: [METERING_FAILED] }),
        ...end,
        status: outcome === 'stopped' ? 'over budget' : end.status,
        // As the front itself ends.
        exitCode: outcome === 'stopped' ? BUDGET_EXIT_CODE : end.exitCode,
        responses,
        budget: budget && { onBudget: settings.onBudget.value, levels: budget.measure(responses) },
      };
      await events?.ended(facts);
      hooks.run('run_end', { report: toInvocationReport(facts) });
      await mirror.finish();
      await fleetPush?.finish();
      return {
        ...{ outcome, summary: summary && describeSummary(summary), pending: summary?.pending?.reason },
        usageLine: tools.emit && describeUsageLine(tools.emit, facts, end),
      };
    },
    /** Does the work that nobody waits for. */
    async close(): Promise<void> {
      await catchingUp;
      await mirror.awaitEstimates();
      store?.close();
      // Only a lock can be gone within ten seconds. Any other fault of the database is left to the next command.
      if (pendingCause === 'lock') await takeInLater(paths);
    },
  };
}

/** How long the meter goes on for a locked database after the front's end. */
const USAGE = fileURLToPath(new URL('./usage.cjs', import.meta.url));
const PATIENCE_MS = 10_000;
const RETRY_MS = 100;

/** The front has ended: now there is time to wait for a locked database. */
async function takeInLater(paths: Paths): Promise<void> {
  const deadline = monotonicMs() + PATIENCE_MS;
  for (let isLocked = true; isLocked && monotonicMs() < deadline; ) {
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    try {
      const parse = await loadPendingParser(paths);
      const store = openStore(paths.database, { mode: 'write' });
      await takeInPending(paths, store, parse).finally(store.close);
      isLocked = false;
    } catch (error) {
      isLocked = error instanceof StoreError && error.problem === 'locked';
    }
  }
}

const LITTLE_LEFT = { kind: 'budget', reason: 'less of a rate limit was left than --meter-min-left asks for' } as const;
const FLEET_SILENT = {
  kind: 'budget',
  reason: 'what the fleet has spent is not known: of its budget this machine alone counts',
} as const;
const PASSED_OVER = {
  kind: 'fault',
  reason: 'what stands in the place of a configuration file was passed over',
} as const;
const UNKNOWN_PHASE = {
  kind: 'fault',
  reason: 'the name by which codex-metered was called says what is no phase',
} as const;
const LINES_LOST = { kind: 'fault', reason: 'lines of Codex’s output came faster than they could be read' } as const;
const METERING_FAILED = { kind: 'fault', reason: 'the metering failed: see the log', figures: {} } as const;
