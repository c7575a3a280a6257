import { readdirSync, statSync } from 'node:fs';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { test } from '../harness/test.js';
import { USAGE } from '../harness/workbench.js';

const modeOf = (path: string) => (statSync(path).mode & 0o777).toString(8);

/** A folder and all that is in it. */
function listPaths(folder: string): string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return [folder, ...names.map((name) => join(folder, name))];
}

describe('the mode of a file', () => {
  test.for([
    ['000', '666'],
    ['022', '644'],
    ['077', '600'],
  ])(
    "that the user names follows the caller's umask %s, and what is ours is the user's alone",
    async ([umask = '', named], { bench }) => {
      bench.api.add({ prompt: 'build', replies: [{ message: 'Built.', usage: { input: 5000, output: 30 } }] });
      const [report, events, exported] = ['report.json', 'events.ndjson', 'all.csv'].map((name) =>
        join(bench.folder, name),
      );
      const via = ['sh', '-c', `umask ${umask} && exec "$@"`, 'sh'];
      const meter = ['--meter-report', report, '--meter-events', events] as string[];
      // The second run cannot write its record, which makes a log and pending changes.
      await bench.run(['exec', 'build'], { via, meter });
      await bench.run(['exec', 'build'], { via, env: { CODEX_METERED_DB: bench.codexHome } });
      const [sh = '', ...rest] = via;
      await execa(sh, [...rest, process.execPath, USAGE, 'export', '--no-import', '--output', exported ?? ''], {
        env: bench.env,
      });
      expect([report, events, exported].map((path) => modeOf(path ?? ''))).toEqual([named, named, named]);
      const ours = [join(bench.database, '..'), bench.stateFolder].flatMap(listPaths);
      const folders = ours.filter((path) => statSync(path).isDirectory());
      const files = ours.filter((path) => !folders.includes(path));
      const names = files.map((path) => basename(path));
      expect(names).toEqual(expect.arrayContaining(['usage.db', 'codex-metered.log']));
      expect(folders.filter((path) => modeOf(path) !== '700')).toEqual([]);
      expect(files.filter((path) => modeOf(path) !== '600')).toEqual([]);
    },
  );
});
