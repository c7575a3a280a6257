import { resolve } from 'node:path';
import { listMirrorSettings } from '../../config/settings.js';
import { StoreError, UsageError } from '../../errors.js';
import { renderMirror, renderRedo, renderUndo, toMirrorJson } from '../../report/mirror-text.js';
import { SCHEMA_VERSION } from '../../report/sums-json.js';
import { type MirrorEntry, openMirrorQueue } from '../../store/mirror-queue.js';
import { readMirrorStatuses } from '../../store/mirror-status.js';
import { explainTargetFault } from '../../store/mirror-target.js';
import { redoMirror, undoMirror } from '../../store/mirror-undo.js';
import { openStore, type Store } from '../../store/store.js';
import { type Call, defineCommand, type OptionSpec } from './command.js';
import { chooseStyle, type Host } from './host.js';
import { type MirrorSettings, withMirror } from './mirroring.js';
import { JSON_NOT_TEXT, NO_COLOR } from './shared-options.js';
import { explainFailure, formatJson } from './show.js';

const BUSY_TIMEOUT_MS = 5000;

const OPTIONS = {
  undo: { text: "take ours out, and put back the program's own rows that ours took the place of" },
  redo: { text: 'write again what --undo has taken out' },
  json: JSON_NOT_TEXT,
  noColor: NO_COLOR,
} satisfies Record<string, OptionSpec>;

const HELP = `
A program with a table cost_records of its own has it filled where CODEX_METERED_COST_RECORDS, or cost_records in
codex-metered.toml, names its database: docs/runner.md. What waits for it is tried again first.

--undo takes all rows of ours out of that table and puts back those of its own that ours took the place of, exactly
as they were. It can be said again, and --redo has them written once more. What is metered afterwards is still
written there: take the setting away to end that.

Examples:
  codex-usage mirror                          what stands there, and what waits
  codex-usage mirror --undo                   give the table back as it would be without us
  codex-usage mirror --undo center.db         that database, where several are filled
`;

export const mirror = defineCommand({
  name: 'mirror',
  argument: { placeholder: '[database]', text: "another program's database; default: the one that is set" },
  summary: "what stands in another program's cost_records, and how to take it out",
  description: "Shows what stands of the record in another program's table cost_records, or takes it out of there.",
  options: OPTIONS,
  help: HELP,
  async run(call) {
    const request = toRequest(call);
    await call.prepare();
    return runMirror(request, call.host, { ...call.paths, ...listMirrorSettings(call.settings) });
  },
});

type MirrorRequest = ReturnType<typeof toRequest>;

function toRequest({ options: { undo, redo, json, noColor }, argument: path }: Call<typeof OPTIONS>) {
  if (undo && redo) throw new UsageError('--undo and --redo are opposites: say one of them.');
  return {
    kind: undo ? 'undo' : redo ? 'redo' : 'status',
    /** The other program's database, as it was given; undefined: the one that is set. */
    path,
    format: json ? 'json' : 'text',
    color: noColor ? 'never' : 'auto',
  } as const;
}

async function runMirror(request: MirrorRequest, host: Host, settings: MirrorSettings): Promise<number> {
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
    : renderMirror(statuses, chooseStyle(request, host));
}

async function undo(store: Store, path: string, request: MirrorRequest, host: Host): Promise<string> {
  const summary = undoMirror(store, path);
  return request.format === 'json'
    ? formatJson({ schemaVersion: SCHEMA_VERSION, kind: 'mirror-undo', path, ...summary })
    : renderUndo(path, summary, chooseStyle(request, host));
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
    : renderRedo(path, invocations, chooseStyle(request, host));
}

function listQueued({ mirrorDirectory }: MirrorSettings): MirrorEntry[] {
  return openMirrorQueue(mirrorDirectory).list(Number.POSITIVE_INFINITY);
}

/** Returns the path of the database that is meant. Throws a UsageError where several could be. */
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
