import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, fstatSync, readSync, statSync } from 'node:fs';
import { findHomes, listSessionFolders, nameHomeVariables } from '../../agents/registry.js';
import { listConfigLocations } from '../../config/find-files.js';
import type { Paths } from '../../config/paths.js';
import type { Settings } from '../../config/settings.js';
import { messageOf, StoreError } from '../../errors.js';
import { listSetAside } from '../../files/handover-files.js';
import { openRegularFile } from '../../files/regular-file.js';
import { CHECK } from '../../meter/messages.js';
import { locateCodex, readCodexVersion } from '../../process/locate.js';
import { isAlive } from '../../process/processes.js';
import { formatCount, formatPlural } from '../../report/amounts.js';
import { type Check, checkHealth } from '../../report/doctor.js';
import { checkTargets } from '../../report/fleet-text.js';
import { checkMirror } from '../../report/mirror-text.js';
import { describeDriver } from '../../store/driver.js';
import { readHealth, readUnsettled } from '../../store/health.js';
import { openMirrorQueue } from '../../store/mirror-queue.js';
import { readMirrorStatuses } from '../../store/mirror-status.js';
import { explainingFaults } from '../../store/open.js';
import { listPending, listRefusedPending } from '../../store/pending.js';
import { openStore, type Store } from '../../store/store.js';
import { listStatuses } from './fleet-targets.js';
import type { Host, HostSettings } from './host.js';

/** How long a meter may take to start. */
const METER_MS = 20_000;
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

function check(name: string, status: Check['status'], text: string, advice?: string): Check {
  return { name, status, text, ...(advice !== undefined && { advice }) };
}

function checkCodex({ env, cwd }: Host): Check {
  try {
    const path = locateCodex({ wanted: env.CODEX_METERED_CODEX, env, cwd, self: process.argv[1] ?? '' });
    const version = readCodexVersion(path, env);
    if (version) return check('codex', 'ok', `${version} at ${path}`);
    const advice = `Run "${path} --version" and see what it says.`;
    return check('codex', 'attention', `${path} does not say its version`, advice);
  } catch (error) {
    return check('codex', 'attention', messageOf(error));
  }
}

/** Whether a run could be metered at all. Without SQLite there is no meter, and the reason would stand there twice. */
function checkMetering(host: Host): Check[] {
  try {
    return [check('sqlite', 'ok', describeDriver()), checkMeter(host)];
  } catch (error) {
    return [check('sqlite', 'attention', messageOf(error), UNMETERED)];
  }
}

const UNMETERED = 'Codex works all the same, and codex-usage import counts its sessions later.';

/** Starts a meter, as a run does, that only says whether it could work. */
function checkMeter({ meter }: Host): Check {
  const { status, signal, stderr, error } = spawnSync(process.execPath, [meter, CHECK], {
    ...{ encoding: 'utf8', timeout: METER_MS, stdio: ['ignore', 'ignore', 'pipe'] },
  });
  if (status === 0) return check('metering', 'ok', 'its process starts');
  const reason = error?.message ?? (stderr.trim().split('\n')[0] || `it ended with ${signal ?? status}`);
  const advice = `${UNMETERED} Install codex-metered again.`;
  return check('metering', 'attention', `its process does not start: ${reason}`, advice);
}

function checkSessions({ env }: Host): Check {
  const places = listSessionFolders(findHomes(env));
  const folders = places.filter((folder) => existsSync(folder));
  if (folders.length > 0) return check('sessions', 'ok', folders.join(', '));
  return check('sessions', 'note', `none yet in ${places.join(', ')}`, `${nameHomeVariables()} name other places.`);
}

function checkDatabase({ paths, settings }: HostSettings): Check[] {
  const { database } = paths;
  try {
    const store = openStore(database, { mode: 'read', busyTimeoutMs: 5000 });
    try {
      const health = explainingFaults(database, () => readHealth(store.connection, { sinceMs: Date.now() - WEEK_MS }));
      const size = (statSync(database).size / 1e6).toFixed(1);
      const runs = formatPlural(health.invocations, 'invocation');
      const text = `${database}, ${size} MB, schema ${health.schemaVersion}, ${runs}`;
      return [
        check('database', 'ok', text),
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
    if (error.problem !== 'missing') return [check('database', 'attention', error.message)];
    const advice = 'Run Codex through codex-metered, or codex-usage import to take in past sessions.';
    return [check('database', 'note', `none yet at ${database}`, advice)];
  }
}

/** Counts runs without an end. The command has caught up before, so that what is left needs attention. */
function checkUnsettled(store: Store): Check {
  const open = store.listOpenInvocations();
  const left = open.filter(({ meterPid, startedAtMs }) => meterPid !== null && !isAlive(meterPid, startedAtMs));
  const running = formatPlural(open.length - left.length, 'run');
  if (left.length === 0) return check('unsettled', 'ok', `none; ${running} at work`);
  const faults = explainingFaults(store.path, () => readUnsettled(store.connection));
  const named = faults.map(({ projectId, runId, reason }) => `run ${runId} of ${projectId}: ${reason}`);
  const text = [`${formatPlural(left.length, 'run')} whose meter was killed`, ...named].join('; ');
  return check('unsettled', 'attention', text, named.length === 0 ? STILL_AT_WORK : TRIED_AGAIN);
}

const STILL_AT_WORK = 'Its Codex still works, and is settled when it has ended.';
const TRIED_AGAIN =
  'They are tried again by each command, and hold up nothing else; codex-usage import counts their session files.';

function checkMirrors(store: Store, { mirrorDirectory }: Paths, { costRecords }: Settings): Check[] {
  const queued = openMirrorQueue(mirrorDirectory).list(Number.POSITIVE_INFINITY);
  return readMirrorStatuses(store, costRecords.value, queued).map(checkMirror);
}

function checkPending(paths: Paths): Check {
  const pending = listPending(paths);
  if (pending.length === 0) return check('kept aside', 'ok', 'nothing');
  const text = `${formatPlural(pending.length, 'record')} that the database has not taken, such as ${pending[0]}`;
  const advice = 'They are taken in by the next command once the database can be written; see the log.';
  return check('kept aside', 'attention', text, advice);
}

/** Lists the changes and the entries of the mirror's queue that were set aside because no command can take them in. */
function checkRefused(paths: Paths): Check[] {
  const refused = [...listRefusedPending(paths), ...listSetAside(paths.mirrorDirectory)];
  if (refused.length === 0) return [];
  const named = refused.slice(0, MOST_NAMED).map(({ path, reason }) => `${path}: ${reason}`);
  const more = refused.length > MOST_NAMED ? [`and ${formatCount(refused.length - MOST_NAMED)} more`] : [];
  const text = `${formatPlural(refused.length, 'file')} that cannot be taken in; ${[...named, ...more].join('; ')}`;
  return [check('set aside', 'attention', text, REFUSED)];
}

const REFUSED =
  'Nothing else waits for them. Where another version of codex-metered wrote one, update, and move it back into the folder above; what else it told may stand in its session file (codex-usage import). Delete what you do not need.';

function checkLog({ logFile }: Paths): Check {
  if (!existsSync(logFile)) return check('log', 'ok', `nothing was ever told in ${logFile}`);
  const recent = readTail(logFile).flatMap((line) => parseWarning(line) ?? []);
  const newest = recent.at(-1);
  const text = `${logFile}: ${formatPlural(recent.length, 'warning')} in the last week`;
  return newest ? check('log', 'note', `${text}, the newest: ${newest}`) : check('log', 'ok', text);
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
  if (fault) return check('configuration', 'attention', fault.message);
  const [unsuitable] = settings.passedOver;
  if (unsuitable) {
    return check('configuration', 'attention', `${unsuitable.path} is passed over: ${unsuitable.reason}`);
  }
  const found = listConfigLocations(places).filter(({ exists }) => exists);
  const text = found.length === 0 ? 'no file: the defaults hold' : found.map(({ path }) => path).join(', ');
  return check('configuration', 'ok', text);
}
