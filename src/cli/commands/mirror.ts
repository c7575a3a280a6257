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
import { chooseStyle } from './host.js';
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

Exit code: 0 when all was done, 1 when a database cannot be used.

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
    const { undo, redo } = call.options;
    if (undo && redo) throw new UsageError('--undo and --redo are opposites: say one of them.');
    await call.prepare();
    const { host, paths } = call;
    try {
      const store = openStore(paths.database, { mode: 'write', busyTimeoutMs: BUSY_TIMEOUT_MS });
      try {
        return undo || redo ? await change(store, undo ? 'undo' : 'redo', call) : await showStatus(store, call);
      } finally {
        store.close();
      }
    } catch (error) {
      if (error instanceof UsageError) throw error;
      const failure = error instanceof StoreError ? explainFailure(error, paths.database) : undefined;
      host.stderr.write(failure?.text ?? `Nothing was changed: ${explainTargetFault(error).reason}.\n`);
      return 1;
    }
  },
});

type MirrorCall = Call<typeof OPTIONS>;

/** Returns the exit code: 1 when a database cannot be used. */
async function showStatus(store: Store, call: MirrorCall): Promise<number> {
  const { host, options, argument } = call;
  const settings = toMirrorSettings(call);
  await withMirror(settings, async (mirror) => {
    mirror.watch(store);
    mirror.catchUp();
  });
  const set = argument === undefined ? settings.costRecords : resolve(host.cwd, argument);
  const all = readMirrorStatuses(store, set, listQueued(settings));
  const statuses = argument === undefined ? all : all.slice(0, 1);
  host.stdout.write(options.json ? formatJson(toMirrorJson(statuses)) : renderMirror(statuses, chooseStyle(call)));
  return statuses.some(({ problem }) => problem !== undefined) ? 1 : 0;
}

/** Takes our rows out, or writes them again. Returns the exit code. */
async function change(store: Store, what: 'undo' | 'redo', call: MirrorCall): Promise<number> {
  const path = chooseDatabase(store, what, call);
  const print = (result: object, text: string) => {
    const json = { schemaVersion: SCHEMA_VERSION, kind: `mirror-${what}`, path, ...result };
    call.host.stdout.write(call.options.json ? formatJson(json) : text);
  };
  const style = chooseStyle(call);
  if (what === 'undo') {
    const summary = undoMirror(store, path);
    print(summary, renderUndo(path, summary, style));
  } else {
    const ids = redoMirror(store, path);
    await withMirror({ ...toMirrorSettings(call), costRecords: path }, (mirror) =>
      mirror.during(store, (expect) => ids.forEach(expect)),
    );
    print({ invocations: ids.length }, renderRedo(path, ids.length, style));
  }
  return 0;
}

function toMirrorSettings({ paths, settings }: MirrorCall): MirrorSettings {
  return { ...paths, ...listMirrorSettings(settings) };
}

function listQueued({ mirrorDirectory }: MirrorSettings): MirrorEntry[] {
  return openMirrorQueue(mirrorDirectory).list(Number.POSITIVE_INFINITY);
}

/** Returns the path of the database that is meant. Throws a UsageError where several could be. */
function chooseDatabase(store: Store, what: 'undo' | 'redo', call: MirrorCall): string {
  const settings = toMirrorSettings(call);
  if (call.argument !== undefined) return resolve(call.host.cwd, call.argument);
  if (settings.costRecords !== undefined) return settings.costRecords;
  const known = readMirrorStatuses(store, undefined, listQueued(settings)).map(({ path }) => path);
  const [only] = known;
  if (only === undefined) {
    throw new UsageError(
      `Nothing stands in another program's database: say which, as in codex-usage mirror --${what} center.db.`,
    );
  }
  if (known.length > 1) throw new UsageError(`Several databases are filled: say which of ${known.join(', ')}.`);
  return only;
}
