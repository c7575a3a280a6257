/**
 * A process that is killed by SIGKILL as soon as it prepares a statement that begins with `until`, which is between what it
 * tells our own database and what it changes in the other: `mirror-killed.ts <database> <other> <queue> mirror|undo <until>`.
 */
import { createRequire } from 'node:module';
import { Mirror } from '../../src/store/mirror.js';
import { undoMirror } from '../../src/store/mirror-undo.js';
import { openStore } from '../../src/store/store.js';

const [path = '', costRecords = '', mirrorDirectory = '', what = '', until = ''] = process.argv.slice(2);
const prototype = databasePrototype();
const { prepare } = prototype;
prototype.prepare = function (sql) {
  if (sql.trim().startsWith(until)) process.kill(process.pid, 'SIGKILL');
  return prepare.call(this, sql);
};
const store = openStore(path, { mode: 'write' });
if (what === 'undo') undoMirror(store, costRecords);
const mirror = new Mirror({ costRecords, estimates: 'replace', mirrorDirectory }, { warn: console.error });
mirror.watch(store);
mirror.catchUp();

/** Of what the store opens databases with on this Node. */
function databasePrototype(): { prepare(this: unknown, sql: string): unknown } {
  const require = createRequire(import.meta.url);
  try {
    return require('node:sqlite').DatabaseSync.prototype;
  } catch {
    return require('better-sqlite3').prototype;
  }
}
