import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { untilMetersEnd } from '../harness/children.js';
import { expectUndisturbed } from '../harness/compare.js';
import { withoutPrivileges } from '../harness/privileges.js';
import { recordOf } from '../harness/record.js';
import { USAGE, type Workbench } from '../harness/workbench.js';
import { type Fault, SAME } from './fault.js';
import { disturbFullDisk } from './full-disk.js';
import { ARGS, disturbTurn, expectCounted, runDirect, settle, startHeld, turn } from './turn.js';

export const DATABASE_FAULTS: readonly Fault[] = [
  {
    name: 'The database is locked for 10 s',
    done: 'another process holds an exclusive lock; one run begins and ends meanwhile, another outlasts it',
    codex: `${SAME}; nothing waits for the lock`,
    record: 'tried again while Codex works; the run that ended is kept aside and taken in by the next',
    async hold(bench) {
      const direct = await runDirect(bench);
      await bench.run(ARGS);
      const lock = await lockDatabase(bench.database);
      const short = await bench.run(ARGS);
      const long = startHeld(bench);
      await long.waits;
      expect(lock.isHeld()).toBe(true);
      await lock.release();
      long.release();
      const ended = await long.ended;
      expectUndisturbed(short, direct);
      expectUndisturbed(ended, direct);
      await settle(bench);
      expectCounted(bench, { ...ended, ledger: ended.ledger.slice(-2) }, short);
    },
  },
  {
    name: 'The database is read-only',
    done: 'neither its file nor its folder may be written',
    codex: SAME,
    record: 'kept aside; the next command that may write takes it in',
    async hold(bench) {
      const via = withoutPrivileges();
      const direct = await runDirect(bench, { via });
      await bench.run(ARGS);
      chmodSync(bench.database, 0o400);
      chmodSync(dirname(bench.database), 0o500);
      const run = await bench.run(ARGS, { via });
      chmodSync(dirname(bench.database), 0o700);
      chmodSync(bench.database, 0o600);
      expectUndisturbed(run, direct);
      expect(() => recordOf(bench, run)).toThrow('no invocation');
      await settle(bench);
      expectCounted(bench, run);
    },
  },
  {
    name: 'The disk is full',
    done: 'no byte is free for the database, the log and what is kept aside: from the start, and from the middle on',
    codex: SAME,
    record: 'kept aside in the temporary folder; the next command that finds room takes it in',
    hold: disturbFullDisk,
  },
  {
    name: 'The database is corrupt',
    done: 'while Codex works, its file is overwritten with text: alone, and with the log and the index beside it',
    codex: SAME,
    record: 'all of the run is kept aside; once the broken file is moved away, the next command takes it in',
    async hold(bench) {
      bench.api.add(turn());
      for (const spoiled of [FILES.slice(0, 1), FILES]) {
        await bench.run(ARGS);
        const run = await disturbTurn(bench, () => {
          for (const suffix of spoiled) writeFileSync(bench.database + suffix, 'no database '.repeat(5000));
        });
        await settle(bench);
        removeDatabase(bench);
        await settle(bench);
        expectCounted(bench, run);
      }
    },
  },
  {
    name: 'The database is deleted',
    done: 'its folder is removed while Codex works',
    codex: SAME,
    record: 'a new one is made, and all of the run is recorded in it',
    async hold(bench) {
      const run = await disturbTurn(bench, () => rmSync(dirname(bench.database), { recursive: true }));
      expectCounted(bench, run);
    },
  },
  {
    name: 'The database is replaced',
    done: 'an older copy is moved to its place while Codex works',
    codex: SAME,
    record: 'all of the run is recorded in the one that stands there',
    async hold(bench) {
      bench.api.add(turn());
      const earlier = await bench.run(ARGS);
      const copy = `${bench.database}.copy`;
      // Until its meter has closed the database, a part of the earlier run stands in the write-ahead log alone.
      await untilMetersEnd(bench.folder);
      cpSync(bench.database, copy);
      await settle(bench);
      const run = await disturbTurn(bench, () => {
        removeDatabase(bench);
        renameSync(copy, bench.database);
      });
      expectCounted(bench, earlier);
      expectCounted(bench, run);
    },
  },
  {
    name: 'What was kept aside is spoiled',
    done: 'beside a record that the database did not take lie a cut one, one of another version, a folder, a pipe and a link to a device without an end',
    codex: SAME,
    record:
      'the record is taken in; each of the others is set aside, and `codex-usage doctor` names it and says what to do',
    async hold(bench) {
      const direct = await runDirect(bench);
      await bench.run(ARGS);
      const run = await disturbTurn(bench, () => writeFileSync(bench.database, 'no database '.repeat(5000)));
      removeDatabase(bench);
      const pending = join(bench.stateFolder, 'pending');
      writeFileSync(join(pending, 'a-1000000000000.json'), '{"version":1,"change":{"invoc');
      writeFileSync(join(pending, 'b-1000000000001.json'), '{"version":77,"change":{}}');
      mkdirSync(join(pending, 'c.json'));
      await execa('mkfifo', [join(pending, 'd.json')]);
      symlinkSync('/dev/zero', join(pending, 'e.json'));
      bench.api.add(turn());
      expectUndisturbed(await bench.run(ARGS), direct);
      expectCounted(bench, run);
      expect(readdirSync(pending)).toEqual(['refused']);
      const { stdout } = await execa(USAGE, ['doctor', '--json'], { env: bench.env, reject: false });
      for (const name of 'abcde') expect(stdout).toContain(join(pending, 'refused', name));
    },
  },
];

/** The file, and the two that SQLite keeps beside it. */
const FILES = ['', '-wal', '-shm'];

function removeDatabase({ database }: Workbench): void {
  for (const suffix of FILES) rmSync(database + suffix, { force: true });
}

const LOCKER = `
import { openDatabase } from '${new URL('../../src/store/driver.ts', import.meta.url)}';
const other = openDatabase(process.argv[1]);
other.exec('BEGIN EXCLUSIVE');
process.stdout.write('locked');
const tenSeconds = new Promise((resolve) => setTimeout(resolve, 10_000));
for await (const _ of process.stdin);
await tenSeconds;
other.close();
`;

/** Another process locks the database: for 10 s, and until it is released. */
async function lockDatabase(database: string) {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', LOCKER, database], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  return {
    isHeld: () => child.exitCode === null,
    async release() {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
}
