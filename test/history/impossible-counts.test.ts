import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importHistory } from '../../src/history/import.js';
import { addUsage, completeUsage } from '../../src/usage/usage.js';
import { runUsage } from '../harness/codex-usage.js';
import { rollout } from '../harness/fake-rollouts.js';
import { createFolder } from '../store/samples.js';
import { BEGIN, createHistory, encodeLines, FILE, type History, record, THREAD, USED } from './sessions.js';

const TWICE = addUsage(completeUsage(USED), completeUsage(USED));

/** Values in a session file where a count should be. */
const IMPOSSIBLE = ['-5', '1.5', '"7"', '"abc"', '1e400', '9007199254740993', '9007199254740991', '2147483647', 'true'];

const keysOf = (history: History) => {
  return history.query<{ key: string }>('SELECT response_key AS key FROM responses ORDER BY key').map(({ key }) => key);
};

describe('a count that cannot be', () => {
  it.each(IMPOSSIBLE)('%s is named by file and line, and its neighbours are counted', async (value) => {
    for (const how of ['alone', 'among many'] as const) {
      const history = createHistory();
      const before = how === 'alone' ? 1 : 2000;
      const first = Array.from({ length: before }, (_, index) => record(`a${String(index).padStart(4, '0')}`));
      const text = encodeLines([...BEGIN, ...first, record('bad', { ...USED, input: 'X' }), record('z')]);
      const path = history.write(FILE, text.replace('"X"', value));
      const reason = `1 unreadable line (line ${4 + before}: token_usage_record with a count that cannot be)`;
      const problems = [{ path, reason }];
      expect(await history.import()).toMatchObject({ added: before + 1, unreadableLines: 1, problems });
      expect(keysOf(history).filter((key) => !key.startsWith('a0') && !key.startsWith('a1'))).toEqual(['z']);
      // It is reported again as long as it is there, though the file goes on.
      writeFileSync(path, encodeLines([record('z2')]), { flag: 'a' });
      expect(await history.import()).toMatchObject({ added: 1, unreadableLines: 0, problems });
    }
  });

  it.each(['cachedInput', 'output', 'reasoning'])('may be that of any counter, such as %s', async (name) => {
    const history = createHistory();
    history.write(FILE, [...BEGIN, record('a'), record('bad', { ...USED, [name]: 2 ** 40 }), record('z')]);
    expect(await history.import()).toMatchObject({ added: 2, unreadableLines: 1 });
    expect(keysOf(history)).toEqual(['a', 'z']);
  });

  it('takes none of the totals behind it along, with usage records and without', async () => {
    const history = createHistory();
    const nonsense = { ...USED, input: 500 + 5e12 };
    const after = { ...TWICE, input: 1000 + 5e12 };
    const totals = [rollout.tokenCount(USED), rollout.tokenCount(nonsense), rollout.tokenCount(after)];
    history.write(FILE, [...BEGIN, ...totals]);
    expect(await history.import()).toMatchObject({ added: 2, unreadableLines: 1 });
    expect(history.query('SELECT sum(input_tokens) AS input, sum(output_tokens) AS output FROM responses')).toEqual([
      { input: 1000, output: 62 },
    ]);

    const recorded = createHistory();
    const lines = [record('a'), totals[0], record('bad', { input: 5e12 }), totals[1], record('b'), totals[2]];
    recorded.write(FILE, [...BEGIN, ...(lines as object[])]);
    expect(await recorded.import()).toMatchObject({ added: 2, unreadableLines: 1 });
    expect(keysOf(recorded)).toEqual(['a', 'b']);
  });

  it('of how full the context is, of a window or of its end costs no other count of the record', async () => {
    const history = createHistory();
    const text = encodeLines([...BEGIN, rollout.tokenCount(USED)]);
    const info = (more: string) => text.replace(/"info":\{/, `"info":{"model_context_window":1e300,${more}`);
    const limits = '"rate_limits":{"primary":{"used_percent":5,"window_minutes":1e300,"resets_at":1e300}}';
    history.write(FILE, info('').replace('"rate_limits":null', limits));
    expect(await history.import()).toMatchObject({ added: 1, unreadableLines: 0 });
  });

  it.each(['+275760-09-13T00:00:00.000Z', '1969-12-31T23:59:59.000Z'])('nor is %s a time', async (time) => {
    const history = createHistory();
    const lines = [...BEGIN, record('a'), record('z')];
    const [head, , ...rest] = encodeLines(lines)
      .split(/(?<=\n)/)
      .reverse();
    const odd = encodeLines([record('odd')]).replace(/2026[^"]*/, time);
    history.write(FILE, [...rest.reverse(), encodeLines([record('a')]), odd, head].join(''));
    expect(await history.import()).toMatchObject({ added: 2, unreadableLines: 1 });
    expect(keysOf(history)).toEqual(['a', 'z']);
  });
});

describe('reports', () => {
  const COMMANDS = ['session --list', `session ${THREAD}`, 'daily', 'monthly', 'model', 'blocks', 'project'];
  const settingOf = (history: History, config = '') => {
    const folder = createFolder();
    mkdirSync(join(folder, 'codex-metered'));
    writeFileSync(join(folder, 'codex-metered', 'codex-metered.toml'), config);
    const env = { CODEX_HOME: history.home, XDG_CONFIG_HOME: folder, CLAUDE_CONFIG_DIR: folder, TZ: 'UTC' };
    return { database: history.database, env, cwd: folder };
  };

  it.each(COMMANDS)('%s go on though responses have counts out of all reason', async (command) => {
    const history = createHistory();
    const large = Array.from({ length: 6 }, (_, index) => record(`large-${index}`, { ...USED, input: 2 ** 50 }));
    history.write(FILE, [...BEGIN, record('a'), ...large]);
    await history.import();
    const { exitCode, stdout } = await runUsage([...command.split(' '), '--json'], settingOf(history));
    expect(exitCode).toBe(0);
    expect(stdout).not.toMatch(/\d{14}/);
  });

  it.each(COMMANDS)('%s go on though a price is out of all reason', async (command) => {
    for (const usd of [1e12, 1e300]) {
      const history = createHistory();
      history.write(FILE, [...BEGIN, ...Array.from({ length: 9 }, (_, index) => record(`r${index}`))]);
      const rate = Math.min(usd * 1000, Number.MAX_VALUE);
      const rates = { input: rate, cachedInput: rate, cacheWrite: null, output: rate };
      const userPrices = [{ model: 'gpt-5.3-codex', from: null, rates }];
      await importHistory({ ...history, homes: { codex: [history.home], claude: [] }, userPrices });
      expect(history.query('SELECT count(*) AS n, count(cost_nano_usd) AS priced FROM responses')).toEqual([
        { n: 9, priced: 0 },
      ]);
      const { exitCode } = await runUsage([...command.split(' '), '--json'], settingOf(history));
      expect(exitCode).toBe(0);
    }
  });

  it('of the doctor name the file and the line', async () => {
    const history = createHistory();
    const path = history.write(FILE, [...BEGIN, record('a'), record('bad', { ...USED, input: -5 })]);
    await history.import();
    const { stdout } = await runUsage(['doctor', '--json'], settingOf(history));
    const text = `${path}: 1 unreadable line (line 5: token_usage_record with a count that cannot be)`;
    const check = expect.objectContaining({ name: 'session files', text: expect.stringContaining(text) });
    expect(JSON.parse(stdout).checks).toContainEqual(check);
  });
});
