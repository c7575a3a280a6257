import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { readCodexHome, readPaths } from '../config/paths.js';
import { listHooks } from '../config/settings.js';
import type { OtlpSink } from '../io/otlp-sink.js';
import { findWorkTree } from '../io/work-tree.js';
import { openLog } from '../log.js';
import type { RunFacts, Settled, TelemetryFacts } from '../meter/messages.js';
import type { End } from '../meter/meter.js';
import type { OutputLine } from '../meter/output-sieve.js';
import type { ServerHome } from '../meter/settlement.js';
import { readSurroundings } from '../meter/surroundings.js';
import { collectTags, type FoundTags } from '../meter/tags.js';
import { findServerHome } from '../process/server-home.js';
import { toLevelJson } from '../report/invocation-json.js';
import { openStore } from '../store/store.js';
import { BUDGET_EXIT_CODE } from '../usage/budget.js';
import type { Invocation } from '../usage/record.js';
import { findRefusal } from './budget-refusal.js';
import { askFleet, type FleetSpending } from './fleet-budget.js';
import { createHooks } from './hooks.js';
import { type MeteredInvocation, meterInvocation } from './metered-invocation.js';
import { createRunEvents } from './run-events.js';

/** What the meter sends to the front while Codex works. */
export interface Voice {
  say(line: string): void;
  stop(): void;
}

/** What the front has handed down, by number. */
export interface Descriptors {
  /** The descriptor to which the events of the invocation are written, for a runner that reads them (`--meter-events`). */
  readonly events: number | undefined;
  /** The socket at which Codex's telemetry arrives. */
  readonly telemetry: number;
}

export type Metering = ReturnType<typeof createMetering>;

const NOTHING: Settled = { outcome: 'within', summary: undefined, usageLine: undefined, pending: undefined };

/**
 * Connects one metered run with this process's paths, log and database. The methods are called in this order, each when the one before
 * has resolved.
 */
export function createMetering(facts: RunFacts, voice: Voice, descriptors: Descriptors) {
  const { settings, attribution, command, cwd, codexPath, frontPid, startedAtMs, reportPath } = facts;
  const paths = readPaths(process.env, settings.database.value);
  const log = openLog(paths.logFile);
  const events = createRunEvents({ reportPath, eventsFd: descriptors.events, say: voice.say });
  const worksIn = resolve(cwd, command.cd ?? '.');
  const workTree = findWorkTree(worksIn);
  // When Codex runs: before that it may be waiting for our answer.
  let found: FoundTags | undefined;
  const findTags = () => (found ??= collectTags({ settings, env: process.env, workTree: workTree?.root }));
  let fleet: Promise<FleetSpending | undefined> | undefined;
  const askOnce = () => (fleet ??= askFleet(settings, attribution.projectId, { env: process.env, atMs: startedAtMs }));
  const output = command.outputLastMessage;
  const known = {
    ...{ id: randomId(), attribution, command: command.name, cwd: worksIn, workTree },
    outputPath: output === undefined ? undefined : resolve(cwd, output),
    ...{ codexPath, frontPid, meterPid: process.pid, startedAtMs, surroundings: readSurroundings(process.env) },
  };
  const starting: Invocation = { ...known, codexHome: undefined, codexPid: undefined };
  const hooks = createHooks(listHooks(settings), starting, log);
  let run: MeteredInvocation | undefined;
  let sink: OtlpSink | undefined;
  return {
    /** Why Codex must not be started; undefined where it may be. */
    async ask(): Promise<string | undefined> {
      const refusal = await findRefusal({
        ...{ database: paths.database, settings, attribution, atMs: startedAtMs, log },
        fleet: await askOnce(),
      });
      if (!refusal) return undefined;
      await events?.ended({
        invocation: { ...starting, id: '', tags: findTags().tags },
        ...{ iteration: attribution.iteration, threadId: undefined, codexVersion: undefined },
        ...{ status: 'refused', exitCode: BUDGET_EXIT_CODE, signal: undefined, endedAtMs: Date.now() },
        ...{ responses: [], notes: [], budget: { onBudget: 'stop', levels: refusal.levels } },
      });
      for (const level of refusal.levels) hooks.run('reached', { invocationId: null, budget: toLevelJson(level) });
      return refusal.reason;
    },
    /** Codex runs, as `codexPid`. */
    async begin(codexPid: number): Promise<void> {
      const { codexHome, serverHome } = await findSessionHome(facts);
      sink = await openSink(facts.telemetry, descriptors.telemetry);
      const { tags, notes } = findTags();
      const invocation = { ...known, tags, codexHome, codexPid };
      const telemetry = describeConnection(facts.telemetry, sink);
      run = meterInvocation({
        ...facts,
        ...{ invocation, serverHome, telemetry, notes, paths, log, events, hooks, voice, fleet: askOnce() },
      });
      if (sink) await readBodies(sink, run.observeTelemetry);
    },
    observe: (line: OutputLine) => run?.observe(line),
    /** Records what is left. `lostLines` did not reach this process. Never rejects. */
    async finish(end: End, lostLines: number): Promise<Settled> {
      await sink?.close();
      return (await run?.finish(end, lostLines)) ?? NOTHING;
    },
    /** Does the work that nobody waits for. */
    async close(): Promise<void> {
      await run?.close();
      await hooks.settle();
    },
  };
}

/** Checks that everything a meter needs can be loaded. Throws otherwise. */
export function checkMetering(): void {
  openStore(':memory:', { mode: 'write' }).close();
}

/**
 * Where the session files of the run lie, and whether that is known: with `--remote` a server writes them, perhaps in another
 * `CODEX_HOME` than the one that we are given.
 */
async function findSessionHome({
  command,
  serverHome,
}: RunFacts): Promise<{ codexHome: string; serverHome: ServerHome }> {
  const codexHome = readCodexHome(process.env);
  if (command.remote === undefined) return { codexHome, serverHome: 'none' };
  const found = serverHome ?? (await findServerHome(command.remote, codexHome));
  return found ? { codexHome: found, serverHome: 'known' } : { codexHome, serverHome: 'unknown' };
}

/** A server is loaded for those runs alone that need one. Undefined where none can be opened. */
async function openSink(telemetry: TelemetryFacts | undefined, fd: number): Promise<OtlpSink | undefined> {
  if (telemetry?.kind !== 'connected') return undefined;
  try {
    const { openOtlpSink } = await import('../io/otlp-sink.js');
    return await openOtlpSink({ secret: telemetry.secret, fd });
  } catch {
    // A meter that had to be started a second time is not handed the socket any more.
    return undefined;
  }
}

/** The parser of telemetry, as the sink, is loaded for those runs alone that need it. */
async function readBodies(sink: OtlpSink, observe: MeteredInvocation['observeTelemetry']): Promise<void> {
  const { parseOtelBody } = await import('../agents/codex/otel.js');
  sink.onBody((body) => observe(parseOtelBody(body)));
}

function describeConnection(telemetry: TelemetryFacts | undefined, sink: OtlpSink | undefined) {
  if (telemetry === undefined) return undefined;
  if (telemetry.kind === 'absent') return { absent: telemetry.reason, refused: new Map<string, number>() };
  return sink ? { absent: undefined, refused: sink.refused } : { absent: 'no port' as const, refused: new Map() };
}

/** A random UUID. Linux makes them itself, and loading what Node makes them with takes 5 ms. */
function randomId(): string {
  try {
    const id = readFileSync('/proc/sys/kernel/random/uuid', 'latin1').trim();
    if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return id;
  } catch {
    // Another system, or one that shows nothing of itself.
  }
  return process.getBuiltinModule('node:crypto').randomUUID();
}
