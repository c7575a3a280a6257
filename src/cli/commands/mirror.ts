import { resolve } from 'node:path';
import { StoreError, UsageError } from '../../errors.js';
import { renderMirror, renderRedo, renderUndo, toMirrorJson } from '../../report/mirror-text.js';
import { SCHEMA_VERSION } from '../../report/sums-json.js';
import { type MirrorEntry, openMirrorQueue } from '../../store/mirror-queue.js';
import { readMirrorStatuses } from '../../store/mirror-status.js';
import { explainTargetFault } from '../../store/mirror-target.js';
import { redoMirror, undoMirror } from '../../store/mirror-undo.js';
import { openStore, type Store } from '../../store/store.js';
import { explainFailure } from './failure.js';
import type { Host } from './host.js';
import { describeLook } from './look.js';
import type { MirrorRequest } from './mirror-options.js';
import { type MirrorSettings, withMirror } from './mirroring.js';
import { formatJson } from './show.js';

const BUSY_TIMEOUT_MS = 5000;

/** Shows what stands in another program's table, takes it out or writes it again. Returns the exit code: 1 where that cannot be. */
export async function runMirrorCommand(request: MirrorRequest, host: Host, settings: MirrorSettings): Promise<number> {
  try {
    const store = openStore(settings.database, { mode: 'write', busyTimeoutMs: BUSY_TIMEOUT_MS });
    try {
      host.stdout.write(await perform(store, request, host, settings));
    } finally {
      store.close();
    }
    return 0;
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const failure = explainFailure(error, { database: settings.database, timeZone: undefined });
    if (error instanceof StoreError && failure) host.stderr.write(failure.text);
    else host.stderr.write(`Nothing was changed: ${explainTargetFault(error).reason}.\n`);
    return 1;
  }
}

function perform(store: Store, request: MirrorRequest, host: Host, settings: MirrorSettings): Promise<string> {
  if (request.kind === 'status') return showStatus(store, request, host, settings);
  const path = choose(store, request, host, settings);
  return request.kind === 'undo' ? undo(store, path, request, host) : redo(store, path, request, host, settings);
}

async function showStatus(store: Store, request: MirrorRequest, host: Host, settings: MirrorSettings): Promise<string> {
  await withMirror(settings, async (mirror) => {
    mirror.watch(store);
    mirror.catchUp();
  });
  const set = request.path === undefined ? settings.costRecords : resolve(host.cwd, request.path);
  const all = readMirrorStatuses(store, set, listQueued(settings));
  const statuses = request.path === undefined ? all : all.slice(0, 1);
  return request.format === 'json'
    ? formatJson(toMirrorJson(statuses))
    : renderMirror(statuses, describeLook(request, host));
}

async function undo(store: Store, path: string, request: MirrorRequest, host: Host): Promise<string> {
  const summary = undoMirror(store, path);
  return request.format === 'json'
    ? formatJson({ schemaVersion: SCHEMA_VERSION, kind: 'mirror-undo', path, ...summary })
    : renderUndo(path, summary, describeLook(request, host));
}

async function redo(
  store: Store,
  path: string,
  request: MirrorRequest,
  host: Host,
  settings: MirrorSettings,
): Promise<string> {
  const ids = redoMirror(store, path);
  await withMirror({ ...settings, costRecords: path }, (mirror) =>
    mirror.during(store, (expect) => ids.forEach(expect)),
  );
  const invocations = ids.length;
  return request.format === 'json'
    ? formatJson({ schemaVersion: SCHEMA_VERSION, kind: 'mirror-redo', path, invocations })
    : renderRedo(path, invocations, describeLook(request, host));
}

function listQueued({ mirrorDirectory }: MirrorSettings): MirrorEntry[] {
  return openMirrorQueue(mirrorDirectory).list(Number.POSITIVE_INFINITY);
}

/** Which database is meant. Throws a UsageError where that is not clear. */
function choose(store: Store, { path, kind }: MirrorRequest, host: Host, settings: MirrorSettings): string {
  if (path !== undefined) return resolve(host.cwd, path);
  if (settings.costRecords !== undefined) return settings.costRecords;
  const known = readMirrorStatuses(store, undefined, listQueued(settings)).map((status) => status.path);
  const [only] = known;
  if (only === undefined) {
    throw new UsageError(
      `Nothing stands in another program's database: say which, as in codex-usage mirror --${kind} center.db.`,
    );
  }
  if (known.length > 1) throw new UsageError(`Several databases are filled: say which of ${known.join(', ')}.`);
  return only;
}
