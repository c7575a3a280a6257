import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import { expectExact } from '../harness/record.js';
import { test } from '../harness/test.js';
import { answer, turn } from '../scripted-api/script.js';

/** Replaces everything for which Node loads its data of languages and calendars, which takes it 7 to 15 ms and 8 MB. */
const REFUSES_LANGUAGES = `
const refuse = () => { throw new Error('This loads the data of languages.'); };
for (const name of Object.getOwnPropertyNames(Intl)) {
  if (typeof Intl[name] === 'function') Intl[name] = refuse;
}
for (const type of [Number, BigInt, Date, Array]) type.prototype.toLocaleString = refuse;
for (const name of ['toLocaleDateString', 'toLocaleTimeString']) Date.prototype[name] = refuse;
String.prototype.localeCompare = refuse;
`;

test('a metered run never has Node load its data of languages, in the front nor in the meter', async ({ bench }) => {
  const refusal = join(bench.folder, 'refuse-languages.cjs');
  writeFileSync(refusal, REFUSES_LANGUAGES);
  const env = { NODE_OPTIONS: `--require "${refusal}"` };
  bench.api.add(turn('work', answer('Done.', { input: 4100, cached: 77, output: 52 })));

  const run = await bench.run(['exec', '--json', 'work'], { env });

  expectExact(bench, run);
  const refused = await execa(process.execPath, ['-e', '(1).toLocaleString()'], { env, reject: false });
  expect(refused.stderr, 'what refuses is in force').toContain('This loads the data of languages.');
});
