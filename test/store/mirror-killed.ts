/**
 * A process that is killed by SIGKILL as soon as it prepares a statement that begins with `until`, which is between what it
 * tells our own database and what it changes in the other: `mirror-killed.ts <database> <other> <queue> mirror|undo <until>`.
 */
import Database from 'better-sqlite3';
import { Mirror } from '../../src/store/mirror.js';
import { undoMirror } from '../../src/store/mirror-undo.js';
import { openStore } from '../../src/store/store.js';

const [path = '', costRecords = '', mirrorDirectory = '', what = '', until = ''] = process.argv.slice(2);
const prepare = Database.prototype.prepare;
Database.prototype.prepare = function <Result>(this: Database.Database, sql: string) {
  if (sql.trim().startsWith(until)) process.kill(process.pid, 'SIGKILL');
  return prepare.call(this, sql) as Result;
} as typeof prepare;
const store = openStore(path, { mode: 'write' });
if (what === 'undo') undoMirror(store, costRecords);
const mirror = new Mirror({ costRecords, estimates: 'replace', mirrorDirectory }, { warn: console.error });
mirror.watch(store);
mirror.catchUp();
