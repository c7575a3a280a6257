import { appendFileSync, cpSync, mkdirSync, renameSync, rmSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { rollout } from '../harness/fake-rollouts.js';
import { type BilledResponse, readFixtures } from '../harness/fixtures.js';
import { BEGIN, createHistory, encodeLines, FILE, type History, record, THREAD, USED } from './sessions.js';

const recorded = readFixtures();

const b = { input: 700, cachedInput: 512, cacheWrite: 8, output: 9 };

const SUMS = `count(*) AS responses, sum(input_tokens) AS input, sum(cached_input_tokens) AS cached,
  sum(output_tokens) AS output`;
const sums = (history: History) => history.query(`SELECT ${SUMS} FROM responses`)[0];
const keys = (history: History) =>
  history.query<{ key: string }>('SELECT response_key AS key FROM responses ORDER BY id').map(({ key }) => key);

describe('an import', () => {
  it.each(recorded)('of the recorded $way of Codex $version equals what the API billed', async (fixture) => {
    const history = createHistory();
    history.addFixture(fixture);
    const responses = [...fixture.earlier, ...fixture.last];
    const files = fixture.files.length;
    const expected = { files, filesRead: files, added: responses.length, duplicates: 0, problems: [] };
    expect(await history.import()).toMatchObject(expected);
    const sum = (of: (response: BilledResponse) => number) => responses.reduce((total, one) => total + of(one), 0);
    expect(sums(history)).toEqual({
      responses: responses.length,
      input: sum(({ input }) => input),
      cached: sum(({ cached }) => cached),
      output: sum(({ output }) => output),
    });
  });

  it('adds nothing the second time, and opens nothing', async () => {
    const history = createHistory();
    for (const fixture of recorded) history.addFixture(fixture);
    await history.import();
    const before = sums(history);
    const files = recorded.flatMap((fixture) => fixture.files).length;
    expect(await history.import()).toMatchObject({ files, filesRead: 0, added: 0, duplicates: 0 });
    expect(sums(history)).toEqual(before);
  });

  it('opens what came or changed, wherever files went away and in whatever order they lie', async () => {
    const history = createHistory();
    const names = ['b', 'd', 'f', 'h', 'j'];
    const write = (name: string) => history.write(`rollout-${name}.jsonl`, [...BEGIN, record(name)]);
    const paths = names.map(write);
    // The files there come first by their paths, and are searched for last.
    const archive = join(history.home, 'archived_sessions');
    mkdirSync(archive);
    renameSync(paths[3] ?? '', join(archive, 'rollout-h.jsonl'));
    expect(await history.import()).toMatchObject({ files: 5, filesRead: 5, added: 5 });
    expect(await history.import()).toMatchObject({ files: 5, filesRead: 0, added: 0 });
    rmSync(paths[1] ?? '');
    for (const name of ['a', 'e', 'k']) write(name);
    appendFileSync(paths[4] ?? '', encodeLines([record('new', b)]));
    expect(await history.import()).toMatchObject({ files: 7, filesRead: 4, added: 4 });
    expect(await history.import()).toMatchObject({ files: 7, filesRead: 0, added: 0 });
    expect(keys(history).sort()).toEqual([...names, 'a', 'e', 'k', 'new'].sort());
  });

  it('counts a session once that was archived, or is there twice', async () => {
    const history = createHistory();
    const path = history.write(FILE, [...BEGIN, record('r1')]);
    await history.import();
    cpSync(path, join(history.home, 'archived_sessions', FILE));
    expect(await history.import()).toMatchObject({ added: 0, duplicates: 1 });
    renameSync(path, path.replace('.jsonl', '-moved.jsonl'));
    expect(await history.import()).toMatchObject({ added: 0, duplicates: 1 });
    expect(keys(history)).toEqual(['r1']);
  });

  it('reads a file that grew from where it ended', async () => {
    const history = createHistory();
    const path = history.write(FILE, [...BEGIN, record('r1'), rollout.tokenCount(USED)]);
    await history.import();
    appendFileSync(path, encodeLines([record('r2', b), rollout.tokenCount({ ...USED, input: 1200 })]));
    expect(await history.import()).toMatchObject({ filesRead: 1, added: 1, duplicates: 0 });
    expect(keys(history)).toEqual(['r1', 'r2']);
  });

  it('reads a file anew that was replaced by another', async () => {
    const history = createHistory();
    history.write(FILE, [...BEGIN, record('r1'), record('r2')]);
    await history.import();
    const other = { ...rollout.header(THREAD, { cwd: '/elsewhere' }) };
    history.write(FILE, [other, ...BEGIN.slice(1), record('r3')]);
    expect(await history.import()).toMatchObject({ added: 1, duplicates: 0 });
    history.write(FILE, [other, ...BEGIN.slice(1), record('r3'), record('r4'), record('r5')]);
    expect(await history.import()).toMatchObject({ added: 2, duplicates: 0 });
    expect(keys(history)).toEqual(['r1', 'r2', 'r3', 'r4', 'r5']);
  });

  it('takes up a line that was being written the time before', async () => {
    const history = createHistory();
    const text = encodeLines([...BEGIN, record('r1'), record('r2', b)]);
    const path = history.write(FILE, text.slice(0, -40));
    const problems = [{ path, reason: 'its last line is cut' }];
    expect(await history.import()).toMatchObject({ added: 1, unreadableLines: 0, problems });
    history.write(FILE, text.slice(0, -1));
    utimesSync(path, 1, 1);
    expect(await history.import()).toMatchObject({ added: 1, duplicates: 0, problems: [] });
    appendFileSync(path, '\n');
    expect(await history.import()).toMatchObject({ filesRead: 1, added: 0, duplicates: 0, problems: [] });
    expect(keys(history)).toEqual(['r1', 'r2']);
  });
});

describe('the buckets after an import', () => {
  it('are the sums of the responses', async () => {
    const history = createHistory();
    for (const fixture of recorded) history.addFixture(fixture);
    history.write(FILE, [...BEGIN, record('r1'), record('r2', b)]);
    await history.import();
    const columns = 'input_tokens, cached_input_tokens, cache_write_tokens, output_tokens, cost_nano_usd';
    const sums = columns.replaceAll(/\w+/g, 'sum($&)');
    const [ofBuckets, ofResponses] = [
      `sum(responses) AS n, ${sums} FROM buckets`,
      `count(*) AS n, ${sums} FROM responses`,
    ];
    expect(history.query(`SELECT ${ofBuckets}`)).toEqual(history.query(`SELECT ${ofResponses}`));
  });
});
