import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openReaders } from '../../src/agents/readers.js';
import { importFile } from '../../src/history/file-import.js';
import { importHistory } from '../../src/history/import.js';
import { Pricer } from '../../src/pricing/pricer.js';
import { createPriceBook } from '../../src/pricing/prices.js';
import { asCodexWritesIt, rollout } from '../harness/fake-rollouts.js';
import { readFixture } from '../harness/fixtures.js';
import { withoutPrivileges } from '../harness/privileges.js';
import { USAGE } from '../harness/workbench.js';
import { createFolder } from '../store/samples.js';
import { BEGIN, createHistory, encodeLines, environmentOf, FILE, record, THREAD } from './sessions.js';

const NO_SESSION = 'it names no session, 2 unreadable lines (the first: line 1: not JSON)';

describe('an import names what it cannot read, and takes in the rest', () => {
  it.each([
    ['an empty file', '', 'it is empty', 0],
    ['bytes that are no text', Buffer.from([0, 1, 2, 0x0a, 0xff, 0xfe, 0x0a]), NO_SESSION, 2],
    ['lines of another kind', 'hello\n{"a":1}\n', NO_SESSION, 2],
  ])('%s', async (_name, content, reason, unreadableLines) => {
    const history = createHistory();
    const path = history.write('rollout-bad.jsonl', content);
    history.write(FILE, [...BEGIN, record('r1')]);
    expect(await history.import()).toMatchObject({ added: 1, unreadableLines, problems: [{ path, reason }] });
    // The problem of a file that did not change is reported again, without opening it.
    expect(await history.import()).toMatchObject({ filesRead: 0, problems: [{ path, reason }] });
  });

  it('turns that a migration of Codex left out, also when the file has grown since', async () => {
    const history = createHistory();
    const total = (input: number, last: number) => ({
      type: 'event_msg',
      payload: {
        type: 'token_count',
        info: { total_token_usage: asCodexWritesIt({ input }), last_token_usage: asCodexWritesIt({ input: last }) },
      },
    });
    const header = rollout.header(THREAD, { cli_version: '0.140.0', history_mode: 'paginated' });
    const lines = [header, ...BEGIN.slice(1), total(5000, 5000), total(38_000, 6000)];
    const path = history.write(FILE, lines);
    const problems = [{ path, reason: expect.stringContaining('a migration deleted turns') }];
    expect(await history.import()).toMatchObject({ added: 2, problems });
    history.write(FILE, [...lines, total(39_000, 1000)]);
    expect(await history.import()).toMatchObject({ added: 1, problems });
  });

  it('responses that cost more than a sum can hold, which end no report', async () => {
    const history = createHistory();
    const counts = { input: 2 ** 50, cachedInput: 0, output: 1, reasoning: 0 };
    const large = Array.from({ length: 6 }, (_, index) => record(`large-${index}`, counts));
    history.write(FILE, [...BEGIN, record('r1'), ...large]);
    await history.import();
    const listed = spawnSync(process.execPath, [USAGE, 'session', '--list'], { env: environmentOf(history) });
    expect(listed.status).toBe(0);
  });

  it('a session from the future, which counts all the same', async () => {
    const history = createHistory();
    const path = history.write(FILE, encodeLines([...BEGIN, record('r1')], Date.UTC(2120, 0, 1, 12)));
    const problems = [{ path, reason: 'a session from the future: 2120-01-01' }];
    expect(await history.import()).toMatchObject({ added: 1, problems });
  });

  it('links in a circle and into nowhere', async () => {
    const history = createHistory();
    history.write(FILE, [...BEGIN, record('r1')]);
    const at = (name: string) => join(history.home, 'sessions', name);
    symlinkSync(join(history.home, 'sessions'), at('up'));
    symlinkSync(at('self'), at('self'));
    symlinkSync('/nowhere', at('rollout-gone.jsonl'));
    const { added, problems } = await history.import();
    expect(added).toBe(1);
    expect(Object.fromEntries(problems.map(({ path, reason }) => [path, reason]))).toEqual({
      [at('up')]: 'a link to a folder that is read already',
      [at('self')]: 'a link that leads in a circle',
      [at('rollout-gone.jsonl')]: 'a link that leads nowhere',
    });
  });

  it('folders that several ways lead to: links before and after them, and a home that is a link', async () => {
    const history = createHistory();
    history.write(FILE, [...BEGIN, record('r1')]);
    const at = (name: string) => join(history.home, 'sessions', name);
    const outside = join(createFolder(), 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, FILE.replace('04T', '05T')), encodeLines([...BEGIN, record('r2')]));
    symlinkSync(at('2026/03'), at('1-before'));
    symlinkSync(at('2026'), at('3-after'));
    symlinkSync(outside, at('4-outside'));
    symlinkSync(outside, at('5-outside'));
    const other = join(createFolder(), 'home');
    symlinkSync(history.home, other);
    const homes = { codex: [history.home, other], claude: [] };
    const { files, added, problems } = await importHistory({ database: history.database, homes });
    expect([files, added]).toEqual([2, 2]);
    const reason = 'a link to a folder that is read already';
    expect(problems).toEqual(['3-after', '5-outside'].map((name) => ({ path: at(name), reason })));
  });

  it('what it may not read, and reads it when it may', async () => {
    const history = createHistory();
    const path = history.write(FILE, [...BEGIN, record('r1')]);
    const folder = join(history.home, 'sessions', 'closed');
    mkdirSync(folder, { mode: 0 });
    chmodSync(path, 0);
    const [command = '', ...args] = [...withoutPrivileges(), process.execPath, USAGE, 'import', '--json'];
    const { status, stdout } = spawnSync(command, args, { env: environmentOf(history), encoding: 'utf8' });
    expect(status).toBe(0);
    const reason = 'no permission to read it';
    const problems = [folder, path].map((place) => ({ path: place, reason }));
    expect(JSON.parse(stdout)).toMatchObject({ added: 0, problems });
    chmodSync(folder, 0o700);
    chmodSync(path, 0o600);
    expect(await history.import()).toMatchObject({ added: 1, problems: [] });
  });

  it('a file that disappears after it was found', () => {
    const createReaders = openReaders({ pricer: new Pricer(createPriceBook()), nameProject: () => 'shop' });
    const file = { path: '/nowhere/rollout-x.jsonl', sizeBytes: 1, modifiedAtMs: 1, known: undefined };
    const outcome = importFile({ ...file, provider: 'codex' }, { createReaders, onPart: () => undefined });
    expect(outcome).toEqual({ unreadableLines: 0, problem: 'it disappeared' });
  });

  it('lines longer than what is held, wherever the pieces that are read end', async () => {
    const history = createHistory();
    const long = { type: 'response_item', payload: { type: 'message', text: 'x'.repeat(3_000_000) } };
    const records = Array.from({ length: 700 }, (_, index) => record(`r${index}`));
    history.write(FILE, [...BEGIN, long, ...records, long, record('last')]);
    expect(await history.import()).toMatchObject({ added: 701, unreadableLines: 0, problems: [] });
  });

  it('keeps what was imported when a file is gone or broken afterwards', async () => {
    const history = createHistory();
    const path = history.write(FILE, [...BEGIN, record('r1'), record('r2')]);
    await history.import();
    writeFileSync(path, 'no session any more\n');
    await history.import();
    rmSync(path);
    expect(await history.import()).toMatchObject({ files: 0, added: 0, problems: [] });
    expect(history.query('SELECT count(*) AS n FROM responses')).toEqual([{ n: 2 }]);
  });
});

describe('a session file that was compressed with zstd', () => {
  const fixture = readFixture('0.169.0', 'tool-loop');
  /** Made by `zstd -19` of the fixture. */
  const compressed = readFileSync(new URL('../../fixtures/0.169.0/tool-loop.jsonl.zst', import.meta.url));

  it('counts as the file itself, once', async () => {
    const history = createHistory();
    history.write('rollout-a.jsonl.zst', compressed);
    expect(await history.import()).toMatchObject({ added: fixture.last.length, problems: [] });
    history.addFixture(fixture);
    expect(await history.import()).toMatchObject({ added: 0, duplicates: fixture.last.length });
  });

  it('is named when it is cut', async () => {
    const history = createHistory();
    const cut = history.write('rollout-a.jsonl.zst', compressed.subarray(0, 200));
    const { problems } = await history.import();
    expect(problems).toEqual([{ path: cut, reason: 'cannot be decompressed: unexpected EOF' }]);
  });
});
