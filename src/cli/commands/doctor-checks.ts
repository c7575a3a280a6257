import { closeSync, existsSync, fstatSync, readSync, statSync } from 'node:fs';
import { findHomes, listSessionFolders, nameHomeVariables } from '../../agents/registry.js';
import { listConfigLocations } from '../../config/find-files.js';
import type { Paths } from '../../config/paths.js';
import type { Settings } from '../../config/settings.js';
import { messageOf, StoreError } from '../../errors.js';
import { listSetAside } from '../../files/handover-files.js';
import { openRegularFile } from '../../files/regular-file.js';
import { locateCodex, readCodexVersion } from '../../process/locate.js';
import { isAlive } from '../../process/processes.js';
import { formatCount, formatPlural } from '../../report/amounts.js';
import { type Check, checkHealth } from '../../report/doctor.js';
import { checkTargets } from '../../report/fleet-text.js';
import { checkMirror } from '../../report/mirror-text.js';
import { readHealth, readUnsettled } from '../../store/health.js';
import { openMirrorQueue } from '../../store/mirror-queue.js';
import { readMirrorStatuses } from '../../store/mirror-status.js';
import { explainingFaults } from '../../store/open.js';
import { listPending, listRefusedPending } from '../../store/pending.js';
import { openStore, type Store } from '../../store/store.js';
import { checkMetering } from './doctor-metering.js';
import { listStatuses } from './fleet-targets.js';
import type { Host } from './host.js';
import type { HostSettings } from './host-settings.js';

const WEEK_MS = 7 * 86_400_000;
const LOG_BYTES = 1024 * 1024;
const MOST_NAMED = 5;

/** Checks everything that a record depends on, in the order in which a reader meets it. */
export function listChecks(host: Host, facts: HostSettings): Check[] {
  return [
    checkCodex(host),
    ...checkMetering(host),
    checkSessions(host),
    ...checkDatabase(facts),
    checkPending(facts.paths),
    ...checkRefused(facts.paths),
    checkLog(facts.paths),
    checkConfig(facts),
  ];
}

function checkCodex({ env, cwd }: Host): Check {
  const name = 'codex';
  try {
    const path = locateCodex({ wanted: env.CODEX_METERED_CODEX, env, cwd, self: process.argv[1] ?? '' });
    const version = readCodexVersion(path, env);
    if (version) return { name, status: 'ok', text: `${version} at ${path}` };
    const advice = `Run "${path} --version" and see what it says.`;
    return { name, status: 'attention', text: `${path} does not say its version`, advice };
  } catch (error) {
    return { name, status: 'attention', text: messageOf(error) };
  }
}

function checkSessions({ env }: Host): Check {
  const places = listSessionFolders(findHomes(env));
  const folders = places.filter((folder) => existsSync(folder));
  if (folders.length > 0) return { name: 'sessions', status: 'ok', text: folders.join(', ') };
  const text = `none yet in ${places.join(', ')}`;
  return { name: 'sessions', status: 'note', text, advice: `${nameHomeVariables()} name other places.` };
}

function checkDatabase({ paths, settings }: HostSettings): Check[] {
  const { database } = paths;
  const name = 'database';
  try {
    const store = openStore(database, { mode: 'read', busyTimeoutMs: 5000 });
    try {
      const health = explainingFaults(database, () => readHealth(store.connection, { sinceMs: Date.now() - WEEK_MS }));
      const size = (statSync(database).size / 1e6).toFixed(1);
      const runs = formatPlural(health.invocations, 'invocation');
      const text = `${database}, ${size} MB, schema ${health.schemaVersion}, ${runs}`;
      return [
        { name, status: 'ok', text },
        ...checkHealth(health),
        checkUnsettled(store),
        ...checkMirrors(store, paths, settings),
        ...checkTargets(listStatuses(store.connection, settings), Date.now()),
      ];
    } finally {
      store.close();
    }
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    if (error.problem !== 'missing') return [{ name, status: 'attention', text: error.message }];
    const advice = 'Run Codex through codex-metered, or codex-usage import to take in past sessions.';
    return [{ name, status: 'note', text: `none yet at ${database}`, advice }];
  }
}

/** Counts runs without an end. The command has caught up before, so that what is left needs attention. */
function checkUnsettled(store: Store): Check {
  const open = store.listOpenInvocations();
  const left = open.filter(({ meterPid, startedAtMs }) => meterPid !== null && !isAlive(meterPid, startedAtMs));
  const running = formatPlural(open.length - left.length, 'run');
  if (left.length === 0) return { name: 'unsettled', status: 'ok', text: `none; ${running} at work` };
  const faults = explainingFaults(store.path, () => readUnsettled(store.connection));
  const named = faults.map(({ projectId, runId, reason }) => `run ${runId} of ${projectId}: ${reason}`);
  return {
    name: 'unsettled',
    status: 'attention',
    text: [`${formatPlural(left.length, 'run')} whose meter was killed`, ...named].join('; '),
    advice:
      named.length === 0
        ? 'Its Codex still works, and is settled when it has ended.'
        : 'They are tried again by each command, and hold up nothing else; codex-usage import counts their session files.',
  };
}

function checkMirrors(store: Store, { mirrorDirectory }: Paths, { costRecords }: Settings): Check[] {
  const queued = openMirrorQueue(mirrorDirectory).list(Number.POSITIVE_INFINITY);
  return readMirrorStatuses(store, costRecords.value, queued).map(checkMirror);
}

function checkPending(paths: Paths): Check {
  const pending = listPending(paths);
  if (pending.length === 0) return { name: 'kept aside', status: 'ok', text: 'nothing' };
  return {
    name: 'kept aside',
    status: 'attention',
    text: `${formatPlural(pending.length, 'record')} that the database has not taken, such as ${pending[0]}`,
    advice: 'They are taken in by the next command once the database can be written; see the log.',
  };
}

/** Lists the changes and the entries of the mirror's queue that were set aside because no command can take them in. */
function checkRefused(paths: Paths): Check[] {
  const refused = [...listRefusedPending(paths), ...listSetAside(paths.mirrorDirectory)];
  if (refused.length === 0) return [];
  const named = refused.slice(0, MOST_NAMED).map(({ path, reason }) => `${path}: ${reason}`);
  const more = refused.length > MOST_NAMED ? [`and ${formatCount(refused.length - MOST_NAMED)} more`] : [];
  return [
    {
      name: 'set aside',
      status: 'attention',
      text: `${formatPlural(refused.length, 'file')} that cannot be taken in; ${[...named, ...more].join('; ')}`,
      advice:
        'Nothing else waits for them. Where another version of codex-metered wrote one, update, and move it back into the folder above; what else it told may stand in its session file (codex-usage import). Delete what you do not need.',
    },
  ];
}

function checkLog({ logFile }: Paths): Check {
  const name = 'log';
  if (!existsSync(logFile)) return { name, status: 'ok', text: `nothing was ever told in ${logFile}` };
  const recent = readTail(logFile).flatMap((line) => parseWarning(line) ?? []);
  const newest = recent.at(-1);
  const text = `${logFile}: ${formatPlural(recent.length, 'warning')} in the last week`;
  return newest ? { name, status: 'note', text: `${text}, the newest: ${newest}` } : { name, status: 'ok', text };
}

function readTail(path: string): string[] {
  let fd: number | undefined;
  try {
    fd = openRegularFile(path);
    const buffer = Buffer.alloc(LOG_BYTES);
    const start = Math.max(0, fstatSync(fd).size - LOG_BYTES);
    return buffer.toString('utf8', 0, readSync(fd, buffer, 0, LOG_BYTES, start)).split('\n');
  } catch {
    return [];
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function parseWarning(line: string): string | undefined {
  try {
    const { time, msg } = JSON.parse(line) as { time: string; msg: string };
    return Date.parse(time) >= Date.now() - WEEK_MS ? String(msg) : undefined;
  } catch {
    return undefined;
  }
}

function checkConfig({ places, fault, settings }: HostSettings): Check {
  const name = 'configuration';
  if (fault) return { name, status: 'attention', text: fault.message };
  const [unsuitable] = settings.passedOver;
  if (unsuitable) {
    return { name, status: 'attention', text: `${unsuitable.path} is passed over: ${unsuitable.reason}` };
  }
  const found = listConfigLocations(places).filter(({ exists }) => exists);
  if (found.length === 0) return { name, status: 'ok', text: 'no file: the defaults hold' };
  return { name, status: 'ok', text: found.map(({ path }) => path).join(', ') };
}
