import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import { isatty } from 'node:tty';
import { readCodexHome, readPaths } from '../config/paths.js';
import { listLimits, listPrices, type Settings } from '../config/settings.js';
import { messageOf } from '../errors.js';
import { type Log, openLog } from '../log.js';
import { type Meter, startMeter } from '../meter/meter.js';
import type { ServerHome } from '../meter/settlement.js';
import type { TelemetryConnection } from '../meter/telemetry.js';
import { createPriceBook } from '../pricing/prices.js';
import type { CodexCommand } from '../process/argv.js';
import type { Exit } from '../process/child.js';
import { findServerHome } from '../process/server-home.js';
import { Mirror } from '../store/mirror.js';
import { keepPending } from '../store/pending.js';
import { openStore, type Store } from '../store/store.js';
import type { Attribution, InvocationStatus, PricedResponse } from '../usage/record.js';
import { watchBudget } from './budget-watch.js';
import { catchUp } from './catch-up.js';
import { BUDGET_EXIT_CODE } from './exit-codes.js';
import { saidAll } from './say.js';
import { describeSummary } from './summary-line.js';
import type { Hooks } from './wrapper-hooks.js';
import type { WrapperOptions } from './wrapper-options.js';
import type { Telemetry } from './wrapper-telemetry.js';

export interface MeteringFacts {
  readonly options: WrapperOptions;
  readonly settings: Settings;
  readonly command: CodexCommand;
  readonly attribution: Attribution;
  readonly codexPath: string;
  /** Codex's process. */
  readonly pid: number;
  readonly startedAtMs: number;
  readonly hooks: Hooks | undefined;
  /** Ends Codex, once. */
  readonly stop: () => void;
  /** Set for a run that may keep no session file. */
  readonly telemetry: Telemetry | undefined;
}

/** Where the session files of the run lie, and whether that is known. */
interface SessionHome {
  readonly codexHome: string;
  readonly serverHome: ServerHome;
}

export interface Metering {
  /** Takes what Codex wrote, and when that arrived. */
  readonly observe: (chunk: Buffer, atMs: number) => void;
  /** Records what is left and, on a terminal, says what it came to. Returns whether a budget ended it. Never rejects. */
  finish(exit: Exit, interruptedBy: NodeJS.Signals | undefined): Promise<'within' | 'stopped'>;
}

/** Connects one metered run with this process's environment: its paths, its log, its terminal. */
export async function createMetering(facts: MeteringFacts): Promise<Metering> {
  return connect(facts, await findSessionHome(facts));
}

/** With `--remote` a server writes the session files, perhaps in another `CODEX_HOME` than the one that we are given. */
async function findSessionHome({ options, command }: MeteringFacts): Promise<SessionHome> {
  const codexHome = readCodexHome(process.env);
  if (command.remote === undefined) return { codexHome, serverHome: 'none' };
  const told = options.value('server-home');
  const found = told ? resolve(told) : await findServerHome(command.remote, codexHome);
  return found ? { codexHome: found, serverHome: 'known' } : { codexHome, serverHome: 'unknown' };
}

function connect(facts: MeteringFacts, { codexHome, serverHome }: SessionHome): Metering {
  const { options, settings, command, attribution, codexPath, pid, startedAtMs, hooks, stop, telemetry } = facts;
  const paths = readPaths(process.env, settings.database.value);
  const { database, logFile } = paths;
  const log = openLog(logFile);
  surviveOwnFaults(log);
  const prices = createPriceBook({ user: listPrices(settings) });
  const id = randomUUID();
  const mirror = new Mirror({ costRecords: settings.costRecords.value, ...paths }, log);
  // The others may run no thread at all.
  if (command.threads === 'one') mirror.expect(id);
  let store: Store | undefined;
  let catchingUp: Promise<void> | undefined;
  const budget = watchBudget({
    settings,
    whose: attribution,
    readOthers: (scope, day) => {
      if (!store) throw new Error('the database is not open');
      return store.readSpent(scope, { ...attribution, invocationId: id, day });
    },
    note: (note) => meter.note(note),
    onMark: (level, mark) => hooks?.marked(level, mark),
    stop,
    log,
  });
  let booked: readonly PricedResponse[] = [];
  const invocation = {
    id,
    attribution,
    command: command.name,
    cwd: resolve(command.cd ?? '.'),
    codexHome,
    codexPath,
    meterPid: process.pid,
    codexPid: pid,
    startedAtMs,
  };
  hooks?.started(invocation);
  const meter: Meter = startMeter({
    invocation,
    serverHome,
    command,
    pid,
    prices,
    log,
    ...(telemetry && { telemetry: describeConnection(telemetry) }),
    budget: budget && { onBudget: settings.onBudget.value, limits: listLimits(settings) },
    onBooked: (fresh, all) => {
      booked = all;
      hooks?.booked(fresh, all);
      budget?.check(all);
    },
    open: async () => {
      await catchingUp;
      store?.close();
      store = mirror.watch(openStore(database, { mode: 'write' }));
      catchingUp = catchUp({ store, pending: paths, mirror, prices, log });
      return store;
    },
    keepPending: (change) => keepPending(paths, change),
  });
  const sink = telemetry?.kind === 'connected' ? telemetry.sink : undefined;
  sink?.onBody(meter.observeTelemetry);
  return {
    observe: meter.observe,
    async finish(exit, interruptedBy) {
      await sink?.close();
      const end = {
        status: statusOf(exit, interruptedBy),
        exitCode: exit.code,
        signal: exit.signal ?? interruptedBy,
      };
      const summary = await meter.finish(end);
      const outcome = budget?.conclude(booked) ?? 'within';
      await hooks?.ended({
        ...{ invocation, iteration: undefined, threadId: undefined, codexVersion: undefined, endedAtMs: Date.now() },
        ...(summary ?? { notes: [METERING_FAILED] }),
        ...end,
        // As codex-metered itself ends.
        exitCode: outcome === 'stopped' ? BUDGET_EXIT_CODE : end.exitCode,
        responses: booked,
        budget: budget && { onBudget: settings.onBudget.value, levels: budget.measure(booked) },
      });
      await catchingUp;
      await mirror.finish();
      store?.close();
      await log.flush();
      if (summary && isatty(2) && !options.isOn('quiet')) process.stderr.write(describeSummary(summary));
      await saidAll();
      return outcome;
    },
  };
}

const METERING_FAILED = { kind: 'fault', reason: 'the metering failed: see the log', figures: {} } as const;

function describeConnection(telemetry: Telemetry): TelemetryConnection {
  if (telemetry.kind === 'absent') return { absent: telemetry.reason, refused: new Map() };
  return { absent: undefined, refused: telemetry.sink.refused };
}

/** An error that escaped the metering must not end this process: Codex is its child and its streams run through it. */
function surviveOwnFaults(log: Log): void {
  process.on('uncaughtException', (error) => {
    log.warn('Metering failed; Codex is not affected.', { reason: messageOf(error) });
  });
}

function statusOf(exit: Exit, interruptedBy: NodeJS.Signals | undefined): InvocationStatus {
  if (exit.code === 0) return 'completed';
  return exit.signal || interruptedBy ? 'interrupted' : 'failed';
}
