import { randomUUID } from 'node:crypto';
import { messageOf } from '../errors.js';
import { type Log, openLog } from '../log.js';
import { pushRecorded } from '../meter/fleet-push.js';
import { Recorder } from '../meter/recorder.js';
import { readSurroundings } from '../meter/surroundings.js';
import { Pricer } from '../pricing/pricer.js';
import { createPriceBook } from '../pricing/prices.js';
import { Mirror } from '../store/mirror.js';
import { keepPending } from '../store/pending.js';
import { openStore, type Store } from '../store/store.js';
import type { Phase } from '../usage/phase.js';
import type { Invocation, InvocationStatus, ModelResponse, Note } from '../usage/record.js';
import type { Source } from '../usage/source.js';
import { NO_USAGE, type Usage } from '../usage/usage.js';
import type { ResolvedContext } from './context.js';
import { findProgram } from './programs.js';

/** What became of a step that was to be recorded. */
export interface RecordedUsage {
  /** The `invocations.id` of the database. */
  readonly id: string;
  readonly category: Phase;
  readonly projectId: string;
  readonly runId: string;
  /** Undefined when no database gave it a number. */
  readonly iteration: number | undefined;
  readonly model: string | undefined;
  /** All zeros where nothing is known. */
  readonly usage: Usage;
  /** What the counts are worth; undefined where there are none. */
  readonly source: Source | undefined;
  /** Undefined when the model has no known price. */
  readonly costUsd: number | undefined;
  /** `kept-aside`: the database did not take it now, and a later command records it. */
  readonly stored: 'database' | 'kept-aside' | 'lost';
}

/** One call of a model outside of Codex, once it has ended. */
export interface Step {
  readonly context: ResolvedContext;
  /** What was called: `chat.completions`, `responses`, … */
  readonly command: string;
  readonly startedAtMs: number;
  readonly status: InvocationStatus;
  readonly response: ModelResponse | undefined;
  readonly notes: readonly Note[];
}

/** Records one step. Never rejects: what fails is logged, and what the database does not take is kept aside. */
export async function recordStep(step: Step): Promise<RecordedUsage> {
  const { paths, costRecords, estimates, problem } = step.context;
  const log = openLog(paths.logFile);
  if (problem) log.warn('The configuration cannot be read; it is left out.', { reason: problem });
  let stored: RecordedUsage['stored'] = 'database';
  let store: Store | undefined;
  const invocation = describe(step);
  const mirror = new Mirror({ costRecords, estimates, ...paths }, log);
  mirror.expect(invocation.id);
  const recorder = new Recorder({
    invocation,
    log,
    open: async () => {
      store = mirror.watch(openStore(paths.database, { mode: 'write' }));
      return store;
    },
    keepPending: (change) => {
      stored = 'lost';
      keepPending(paths, change);
      stored = 'kept-aside';
    },
  });
  const priced = price(step, log);
  const notes = [...step.context.notes, ...step.notes, ...priced.notes];
  recorder.add({
    update: { status: step.status, endedAtMs: step.response?.completedAtMs ?? Date.now() },
    responses: priced.response ? [priced.response] : [],
    notes,
  });
  for (const { kind, reason, figures } of notes) log.warn(reason, { invocation: invocation.id, kind, ...figures });
  await recorder.finish();
  await mirror.finish();
  store?.close();
  startPush(step.context, log);
  return summarise(invocation, recorder.iteration, priced.response, stored);
}

function startPush({ fleet: targets, paths: { database } }: ResolvedContext, log: Log): void {
  if (targets.length === 0) return;
  try {
    pushRecorded({ targets, database, usage: findProgram('codex-usage'), log });
  } catch (error) {
    log.warn('A push could not be started.', { reason: messageOf(error) });
  }
}

function describe({ context, command, startedAtMs }: Step): Invocation {
  const { attribution, cwd, workTree, tags } = context;
  return {
    ...{ id: randomUUID(), origin: 'recorded', meterPid: process.pid },
    ...{ codexHome: undefined, codexPath: undefined, codexPid: undefined },
    ...{ attribution, cwd, workTree, tags, command, startedAtMs },
    surroundings: readSurroundings(process.env),
  };
}

function price({ response, context }: Step, log: Log) {
  if (!response) return { response, notes: [] };
  try {
    return new Pricer(createPriceBook({ user: context.prices })).price(response);
  } catch (error) {
    log.warn('The price list cannot be read; the response stays unpriced.', { reason: messageOf(error) });
    return { response: { ...response, costNanoUsd: undefined, price: undefined }, notes: [] };
  }
}

function summarise(
  { id, attribution }: Invocation,
  iteration: number | undefined,
  response: ReturnType<typeof price>['response'],
  stored: RecordedUsage['stored'],
): RecordedUsage {
  const { phase, projectId, runId } = attribution;
  return {
    ...{ id, category: phase, projectId, runId, iteration, stored },
    model: response?.model,
    usage: response?.usage ?? NO_USAGE,
    source: response?.source,
    costUsd: response?.costNanoUsd === undefined ? undefined : response.costNanoUsd / 1e9,
  };
}
