import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { describeUncountedTitles } from '../../src/meter/uncounted-titles.js';

const THREAD = '01a22248-1c2b-7ee2-a9a7-7522fae54bed';
const SINCE = Date.parse('2026-11-28T13:00:00Z');

let codexHome: string;
beforeEach(() => {
  codexHome = mkdtempSync(join(tmpdir(), 'untold-'));
});
afterEach(() => rmSync(codexHome, { recursive: true, force: true }));

const titled = (id: string, time: string) => JSON.stringify({ id, thread_name: 'a name', updated_at: time });
const write = (...lines: string[]) => writeFileSync(join(codexHome, 'session_index.jsonl'), `${lines.join('\n')}\n`);

describe('what no file tells of', () => {
  test('is the title of a thread that a model was asked for while the thread was recorded', async () => {
    write(titled(THREAD, '2026-11-28T13:00:05Z'), 'not JSON', titled(THREAD, '2026-11-28T13:00:09Z'));
    const notes = await describeUncountedTitles(codexHome, [THREAD, undefined], SINCE);
    expect(notes).toMatchObject([{ kind: 'uncounted', figures: { threads: 1 } }]);
    expect(JSON.stringify(notes)).not.toContain('a name');
  });

  test.each([
    ['before the run began', titled(THREAD, '2026-11-28T12:59:59Z')],
    ['of another thread', titled('01a22248-0000-7000-8000-000000000000', '2026-11-28T13:00:05Z')],
  ])('is not a title that was given %s', async (_name, line) => {
    write(line);
    expect(await describeUncountedTitles(codexHome, [THREAD], SINCE)).toEqual([]);
  });

  test('is nothing where Codex keeps no names of threads', async () => {
    expect(await describeUncountedTitles(codexHome, [THREAD], SINCE)).toEqual([]);
  });
});
