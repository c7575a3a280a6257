import { appendFileSync, cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { importHistory } from '../../src/history/import.js';
import { createFolder } from '../store/samples.js';
import { createHistory } from './sessions.js';

/*
 * Sessions of Gemini CLI, recorded against a scripted API and without their texts. In `shop` by 0.61.0: one that was resumed
 * twice, one with a sub-agent, one whose model was chosen by the router. In `till` by 0.34.0: one that was resumed, and one
 * that 0.61.0 went on with in a file of its own format. The ledger has every request of theirs.
 */
const FOLDER = fileURLToPath(new URL('./fixtures/gemini-cli', import.meta.url));
const SESSIONS = join(FOLDER, 'tmp');

interface Billed {
  readonly model: string;
  readonly input: number;
  readonly cached: number;
  readonly output: number;
  readonly thoughts: number;
  /** The purpose of a request that is in no session file. */
  readonly untold?: string;
}
const LEDGER: readonly Billed[] = JSON.parse(readFileSync(join(FOLDER, 'ledger.json'), 'utf8'));

const TOLD = LEDGER.filter(({ untold }) => untold === undefined).map(({ model, input, cached, output, thoughts }) => {
  return { model, input, cached, output: output + thoughts, reasoning: thoughts };
});

const RESPONSES = `SELECT model, input_tokens AS input, cached_input_tokens AS cached, output_tokens AS output,
  reasoning_tokens AS reasoning FROM responses ORDER BY input_tokens`;
const THREADS = `SELECT substr(id, 1, 8) AS id, substr(root_id, 1, 8) AS root, kind, project_id AS project FROM threads
  ORDER BY id`;

function createGeminiHome() {
  const { database, query } = createHistory();
  const home = createFolder();
  const tmp = join(home, '.gemini', 'tmp');
  return {
    tmp,
    query,
    import: () => importHistory({ database, homes: { gemini: [home] } }),
    responses: () => query<Record<string, unknown>>(RESPONSES),
    /** Puts a session of its own in place, and returns its path. */
    write(name: string, content: string) {
      const path = join(tmp, 'shop', 'chats', name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
      return path;
    },
  };
}

/** Counts that are not their total. */
const UNEQUAL = { input: 100, output: 10, total: 5 };
const HEADER = { sessionId: 's1', projectHash: 'p', startTime: '2026-11-28T12:00:00.000Z', kind: 'main' };

function message(id: string, input: number, more: object = {}) {
  const tokens = { input, output: 10, cached: 0, thoughts: 0, tool: 0, total: input + 10 };
  return { id, timestamp: '2026-11-28T12:00:01.000Z', type: 'gemini', model: 'gemini-2.5-pro', tokens, ...more };
}

function toLines(...records: readonly object[]): string {
  return records.map((record) => `${JSON.stringify(record)}\n`).join('');
}

describe('sessions of Gemini CLI', () => {
  it('count each response once: resumed, written again, and gone on with in the newer format', async () => {
    const home = createGeminiHome();
    cpSync(SESSIONS, home.tmp, { recursive: true });
    expect(await home.import()).toMatchObject({ files: 10, added: TOLD.length, duplicates: 2, problems: [] });
    expect(home.responses()).toEqual(TOLD);
    expect(await home.import()).toMatchObject({ filesRead: 0, added: 0 });
  });

  it('belong to the project that the file beside them names, a sub-agent to its session', async () => {
    const home = createGeminiHome();
    cpSync(SESSIONS, home.tmp, { recursive: true });
    await home.import();
    expect(home.query(THREADS)).toEqual([
      { id: '00cbfdd2', root: '00cbfdd2', kind: 'main', project: 'till' },
      { id: '4950899d', root: 'b204bb88', kind: 'subagent', project: 'shop' },
      { id: '5f7254d8', root: '5f7254d8', kind: 'main', project: 'till' },
      { id: '83e5cd31', root: '83e5cd31', kind: 'main', project: 'shop' },
      { id: 'a5d9b653', root: 'a5d9b653', kind: 'main', project: 'shop' },
      { id: 'b204bb88', root: 'b204bb88', kind: 'main', project: 'shop' },
    ]);
  });

  it('count the same when they are read line by line while they are written', async () => {
    const home = createGeminiHome();
    const files = readdirSync(SESSIONS, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    const paths = files.map(({ parentPath, name }) => relative(SESSIONS, join(parentPath, name)));
    for (const path of paths) mkdirSync(dirname(join(home.tmp, path)), { recursive: true });
    const pieces = paths.map((path) => {
      const text = readFileSync(join(SESSIONS, path), 'utf8');
      // The older format is never appended to.
      return { path, lines: path.endsWith('.jsonl') ? text.split(/(?<=\n)/) : [text] };
    });
    for (let index = 0; pieces.some(({ lines }) => index < lines.length); index++) {
      for (const { path, lines } of pieces) appendFileSync(join(home.tmp, path), lines[index] ?? '');
      await home.import();
    }
    expect(home.responses()).toEqual(TOLD);
  });

  it('keep what was billed when a turn is taken back, and when a session is deleted', async () => {
    const home = createGeminiHome();
    const kept = toLines(HEADER, message('m1', 100), message('m2', 200), { $rewindTo: 'm2' }, message('m3', 300));
    const path = home.write('session-a.jsonl', kept);
    await home.import();
    rmSync(path);
    await home.import();
    expect(home.responses().map(({ input }) => input)).toEqual([100, 200, 300]);
  });

  it('are read anew where a release rewrites the whole file, and keep what it no longer holds', async () => {
    const home = createGeminiHome();
    // As long as this, the beginning of the file stays the same.
    const begin = [1, 2, 3, 4].map((index) => message(`m${index}`, index * 100));
    const write = (...messages: object[]) => {
      home.write('session-a.json', JSON.stringify({ ...HEADER, messages: [...begin, ...messages] }, null, 2));
    };
    write(message('m5', 500));
    expect(await home.import()).toMatchObject({ added: 5, problems: [] });
    write(message('m6', 600), message('m7', 700));
    expect(await home.import()).toMatchObject({ added: 2, problems: [] });
    expect(home.responses().map(({ input }) => input)).toEqual([100, 200, 300, 400, 500, 600, 700]);
  });

  it('hold a message without a model as one of an unknown model, without a price', async () => {
    const home = createGeminiHome();
    home.write('session-a.jsonl', toLines(HEADER, message('m1', 100, { model: undefined })));
    await home.import();
    expect(home.query('SELECT model, cost_nano_usd AS cost FROM responses')).toEqual([
      { model: 'unknown', cost: null },
    ]);
  });
});

describe('a file of Gemini CLI that cannot be read whole', () => {
  it.each([
    ['it names no session, its last line is cut', '{"sessionId":"s1","startTime":', 'session-a.json'],
    ['it is empty', ''],
    ['1 unreadable line (line 2: not JSON)', `${toLines(HEADER)}nonsense\n`],
    ['it names no session, 1 unreadable line (line 1: a message before its session)', toLines(message('m1', 1))],
    ['1 unreadable line (line 2: a message of an unknown shape)', toLines(HEADER, message('m1', -5))],
    ['counts that are not what the total beside them says', toLines(HEADER, message('m1', 100, { tokens: UNEQUAL }))],
  ])('is listed: %s', async (reason, content, name = 'session-a.jsonl') => {
    const home = createGeminiHome();
    const path = home.write(name, content);
    expect(await home.import()).toMatchObject({ problems: [{ path, reason }] });
  });

  it('has its other responses counted', async () => {
    const home = createGeminiHome();
    home.write('session-a.jsonl', toLines(HEADER, message('m1', 100), { id: 'm2', tokens: 7 }, message('m3', 300)));
    expect(await home.import()).toMatchObject({ added: 2, unreadableLines: 1 });
  });
});
