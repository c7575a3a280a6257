import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { importHistory } from '../../src/history/import.js';
import { openStore } from '../../src/store/store.js';
import { createRandom, SessionLines } from '../agents/codex/session-lines.js';
import { runUsage } from '../harness/codex-usage.js';
import { rollout } from '../harness/fake-rollouts.js';
import { readFixtures } from '../harness/fixtures.js';
import { createFolder } from '../store/samples.js';
import { BEGIN, encodeLines, FILE, query, record, THREAD, TURN, USED } from './sessions.js';

/** A session file: its path below the home of its agent, and its content in the end. */
interface SessionFile {
  readonly agent: 'codex' | 'claude';
  readonly path: string;
  readonly content: Buffer;
}

const FOLDER = 'sessions/2026/03/04';
const more = { input: 1200, cachedInput: 532, output: 40, reasoning: 3 };

/** After each byte of the header, each byte at the end of a line, and every seventh of the others. */
function listCuts(content: string): number[] {
  const header = content.indexOf('\n');
  const isNearEnd = (index: number) => content.slice(Math.max(0, index - 3), index + 2).includes('\n');
  const all = Array.from({ length: content.length + 1 }, (_, index) => index);
  return all.filter((index) => index <= header || isNearEnd(index) || index % 7 === 0);
}

/** The same session as often as there are `cuts`: each copy is a thread of its own. */
function copyForEach(cuts: readonly number[], agent: SessionFile['agent'], content: string, id: string): SessionFile[] {
  return cuts.map((index) => {
    const ownId = `${id.slice(0, -6)}${String(index).padStart(6, '0')}`;
    const name = agent === 'codex' ? `${FOLDER}/${FILE.replace(THREAD, ownId)}` : `projects/p/${ownId}.jsonl`;
    // Message ids hold in every session: those of a copy would be the same messages.
    const own = content.replaceAll(id, ownId).replaceAll('msg_', `msg_${index}_`);
    return { agent, path: name, content: Buffer.from(own) };
  });
}

function codexFile(thread: string, lines: readonly object[] | string): SessionFile {
  const text = typeof lines === 'string' ? lines : encodeLines(lines);
  return { agent: 'codex', path: `${FOLDER}/${FILE.replace(THREAD, thread)}`, content: Buffer.from(text) };
}

function claudeLine(session: string, index: number, fields: object = {}): string {
  const usage = { input_tokens: 10 + index, output_tokens: 5 };
  const message = { id: `msg_${index}`, model: 'claude-sonnet-4-5', usage };
  const timestamp = new Date(Date.UTC(2026, 2, 4, 5, index)).toISOString();
  const line = {
    sessionId: session,
    cwd: '/srv/shop',
    version: '2.1.331',
    type: 'assistant',
    requestId: `req_${index}`,
  };
  return `${JSON.stringify({ ...line, message, timestamp, ...fields })}\n`;
}

/** What is recorded after the imports of one state of the files after the other, and what the reports say of it. */
async function importStates(files: readonly SessionFile[], states: readonly (readonly number[])[]) {
  const home = createFolder();
  const database = join(createFolder(), 'usage.db');
  // A first import into no database begins a thread of its own, which only the built program has.
  openStore(database, { mode: 'write' }).close();
  for (const lengths of states) {
    for (const [index, { agent, path, content }] of files.entries()) {
      const place = join(home, agent, path);
      mkdirSync(dirname(place), { recursive: true });
      writeFileSync(place, content.subarray(0, lengths[index]));
    }
    const homes = { codex: [join(home, 'codex')], claude: [join(home, 'claude')] };
    await importHistory({ database, homes, callingThread: 'reads' });
  }
  return { ...readTables(database, home), reports: await readReports(database) };
}

const RECORDED = `thread_id, response_key, provider, turn_id, root_turn_id, model, service_tier, input_tokens,
  cached_input_tokens, cache_write_tokens, cache_write_1h_tokens, output_tokens, reasoning_tokens, evidence, source,
  cost_nano_usd, price, completed_at_ms`;

function readTables(database: string, home: string) {
  const file = 'thread_id, size_bytes, read_bytes, unreadable_lines, problem FROM history_files ORDER BY path';
  return {
    threads: query(database, 'SELECT * FROM threads ORDER BY id'),
    responses: query(database, `SELECT ${RECORDED} FROM responses ORDER BY thread_id, response_key`),
    buckets: query(database, 'SELECT * FROM buckets'),
    files: query(database, `SELECT substr(path, ${home.length + 1}) AS path, ${file}`),
  };
}

async function readReports(database: string): Promise<object> {
  const reports: Record<string, unknown> = {};
  const ofDays = ['daily', 'model', 'project', 'blocks'].map((report) => [report, '-z', 'UTC']);
  for (const args of [...ofDays, ['session'], ['session', '--list', '--last', '20']]) {
    const { stdout, stderr } = await runUsage([...args, '--json', '--no-import'], { database });
    expect(stderr).toBe('');
    // What is expected of a window that is still open depends on the moment at which it is asked.
    reports[args.join(' ')] = JSON.parse(stdout, (key, value) => (key === 'outlook' ? undefined : value));
  }
  return reports;
}

const whole = (files: readonly SessionFile[]) => files.map(({ content }) => content.length);

/** Lengths of the files after each of `steps` imports but the last: wherever they happened to be then. */
function cutAtRandom(files: readonly SessionFile[], steps: number, random: () => number): number[][] {
  const cuts = files.map(({ content }) => {
    const headerLength = content.indexOf('\n') + 1;
    // Every other cut is within the header.
    const anywhere = Array.from({ length: steps }, (_, step) => {
      return Math.floor(random() * (step % 2 === 0 ? headerLength : content.length));
    });
    return anywhere.toSorted((a, b) => a - b);
  });
  return Array.from({ length: steps }, (_, step) => cuts.map((ofFile) => ofFile[step] ?? 0));
}

async function expectSameInSteps(files: readonly SessionFile[], states: readonly (readonly number[])[]) {
  const atOnce = await importStates(files, [whole(files)]);
  const inSteps = await importStates(files, [...states, whole(files)]);
  expect(atOnce.responses.length).toBeGreaterThan(0);
  expect(inSteps).toEqual(atOnce);
}

const CODEX = [
  rollout.header(THREAD, { cwd: '/srv/shop' }),
  ...[...BEGIN.slice(1), record('r1'), rollout.tokenCount(USED), rollout.tokenCount(more)],
];

describe('a history that is imported in steps ends as one that is imported at once', () => {
  it.each([
    ['of Codex', 'codex', encodeLines(CODEX)],
    ['of Codex, with lines that end as on Windows', 'codex', encodeLines(CODEX).replaceAll('\n', '\r\n')],
    ['of Codex, without its header', 'codex', encodeLines(CODEX.slice(1))],
    ['of Codex, with its header after a response', 'codex', encodeLines([...CODEX.slice(4, 5), ...CODEX])],
    ['of Codex, of a sub-agent', 'codex', encodeLines([childHeader(), ...CODEX.slice(1)])],
    ['of Claude Code', 'claude', [0, 1].map((index) => claudeLine(THREAD, index)).join('')],
  ] as const)(
    'whichever byte of a session %s was the last',
    async (_name, agent, content) => {
      const cuts = listCuts(content);
      await expectSameInSteps(copyForEach(cuts, agent, content, THREAD), [cuts]);
    },
    60_000,
  );

  it('whichever line was the last, with an import after each', async () => {
    const files = [0, 1].map((index) => codexFile(THREAD.replace('01a', `0${index}a`), CODEX));
    const ends = CODEX.map((_line, index) => Buffer.byteLength(encodeLines(CODEX.slice(0, index))));
    await expectSameInSteps(
      files,
      ends.map((end) => files.map(() => end)),
    );
  });

  it('where a line is longer than any that is held', async () => {
    const overlong = { type: 'event_msg', payload: { type: 'token_count', info: 'x'.repeat(33 * 1024 * 1024) } };
    const file = codexFile(THREAD, [...CODEX.slice(0, 4), overlong, ...CODEX.slice(4)]);
    const ends = [1000, 32.8, 32.9].map((end) => [end < 100 ? end * 1024 * 1024 : end]);
    await expectSameInSteps([file], ends);
    const { files } = await importStates([file], [...ends, whole([file])]);
    expect(files).toMatchObject([{ unreadable_lines: 1, problem: expect.stringMatching(/^1 unreadable line/) }]);
    const cut = await importStates([file], [[32.8 * 1024 * 1024]]);
    expect(cut.files).toMatchObject([{ unreadable_lines: 0, problem: 'its last line is cut' }]);
  }, 60_000);

  it('of Claude Code where the directory is named late, and a sub-agent works elsewhere', async () => {
    const agent = { isSidechain: true, agentId: 'a1', cwd: '/srv/else' };
    const lines = [
      claudeLine(THREAD, 0, { cwd: undefined }),
      ...[claudeLine(THREAD, 1), claudeLine(THREAD, 2, { cwd: '/srv/later' }), claudeLine(THREAD, 3, agent)],
    ];
    const content = Buffer.from(lines.join(''));
    const file: SessionFile = { agent: 'claude', path: `projects/p/${THREAD}.jsonl`, content };
    const ends = lines.map((_line, index) => [Buffer.byteLength(lines.slice(0, index).join('')) + 30]);
    await expectSameInSteps([file], [[0], ...ends]);
    const { threads } = await importStates([file], [[0], ...ends, whole([file])]);
    expect(threads).toMatchObject([{ project_id: 'shop' }, { project_id: 'else' }]);
  });

  it.each([1, 2, 3])(
    'of recorded sessions of every release, cut at random (%i)',
    async (seed) => {
      const files = readFixtures()
        .flatMap((fixture) => fixture.files)
        .map((path): SessionFile => {
          return { agent: 'codex', path: `${FOLDER}/${basename(path)}`, content: readFileSync(path) };
        });
      await expectSameInSteps(files, cutAtRandom(files, 4, createRandom(seed)));
    },
    60_000,
  );

  it.each([1, 2, 3])(
    'of made-up sessions with oddities, cut at random (%i)',
    async (seed) => {
      const files = Array.from({ length: 40 }, (_, index): SessionFile => {
        const lines = new SessionLines(seed * 100 + index, index % 3 === 0 ? 0 : 0.02);
        return codexFile(`01a20d5e-b4fe-73a3-a38f-${String(seed * 100 + index).padStart(12, '0')}`, lines.write(5, 6));
      });
      await expectSameInSteps(files, cutAtRandom(files, 5, createRandom(seed)));
    },
    60_000,
  );
});

function childHeader(): object {
  const source = { subagent: { thread_spawn: { parent_thread_id: TURN } } };
  return rollout.header(THREAD, { session_id: TURN, cwd: '/srv/shop', source });
}
