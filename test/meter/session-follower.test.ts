import { appendFileSync, closeSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { listOpenSessionFiles } from '../../src/agents/codex/open-files.js';
import { dayFolders } from '../../src/agents/codex/sessions.js';
import { createFolderWatch } from '../../src/io/watch.js';
import { SessionFollower } from '../../src/meter/session-follower.js';
import { waitFor } from '../harness/wait.js';

vi.mock('../../src/agents/codex/open-files.js', { spy: true });
vi.mock('../../src/io/watch.js', { spy: true });

const ROOT = '01a20104-0178-7510-a5e1-a9f1a9a7386c';
const OTHER = '01a20104-0392-7140-874c-83070f2c9633';
const CHILD = '01a20104-8f41-7f52-9aa2-69641353cb84';
const CWD = '/shop';

let codexHome: string;
let today: string;
/** Before anything that a test writes, however long the machine takes. */
let startedAtMs: number;

beforeEach(() => {
  startedAtMs = Date.now();
  codexHome = mkdtempSync(join(tmpdir(), 'follower-'));
  today = dayFolders(codexHome, Date.now())[1] ?? '';
  mkdirSync(today, { recursive: true });
});
afterEach(() => {
  vi.useRealTimers();
  rmSync(codexHome, { recursive: true, force: true });
});

describe('a follower of session files', () => {
  test.runIf(process.platform === 'linux')(
    'learns its thread from a file that the process holds open, however slowly the header arrives',
    async () => {
      const header = line('session_meta', { id: ROOT, cwd: CWD });
      const file = openSync(pathOf(ROOT), 'a');
      writeSync(file, header.slice(0, 40));
      const follower = follow({ pid: process.pid });
      follower.start();
      await waitFor('the file', () => follower.files.length === 1);
      expect(follower.rootId).toBeUndefined();
      writeSync(file, header.slice(40));
      await waitFor('the root', () => follower.rootId === ROOT);
      writeSync(file, usage(ROOT, 'resp_1'));
      await waitFor('the response', () => responsesOf(follower).length === 1);
      closeSync(file);
      await follower.finish();
      expect(responsesOf(follower)).toEqual(['resp_1']);
    },
  );

  test.runIf(process.platform === 'linux')('is not misled by a file that the process only reads', async () => {
    const follower = follow({ pid: process.pid });
    for (const thread of [OTHER, ROOT]) appendFileSync(pathOf(thread), line('session_meta', { id: thread, cwd: CWD }));
    const looked = openSync(pathOf(OTHER), 'r');
    const own = openSync(pathOf(ROOT), 'r+');
    follower.start();
    await waitFor('the root', () => follower.rootId !== undefined);
    closeSync(looked);
    closeSync(own);
    await follower.finish();
    expect(follower.rootId).toBe(ROOT);
    expect(follower.files.map(({ thread }) => thread.id)).toEqual([ROOT]);
  });

  test.runIf(process.platform === 'linux')('believes what Codex prints before what it holds open', async () => {
    appendFileSync(pathOf(OTHER), line('session_meta', { id: OTHER, cwd: CWD }));
    appendFileSync(pathOf(ROOT), line('session_meta', { id: ROOT, cwd: CWD }) + usage(ROOT, 'resp_1'));
    const file = openSync(pathOf(OTHER), 'a');
    const follower = follow({ pid: process.pid });
    follower.start();
    await waitFor('the file that is open', () => follower.rootId === OTHER);
    follower.setRoot(ROOT);
    closeSync(file);
    await follower.finish();
    expect(follower.rootId).toBe(ROOT);
    expect(responsesOf(follower)).toEqual(['resp_1']);
  });

  test('asks once more which files are open for one that came after they were listed, whose header does not tell', async () => {
    // Neither the clock nor the file system brings it to look again.
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    vi.mocked(createFolderWatch).mockReturnValueOnce({ add: () => undefined, has: () => true, close: () => undefined });
    const header = line('session_meta', { id: CHILD, cwd: CWD });
    vi.mocked(listOpenSessionFiles).mockImplementationOnce(async () => {
      appendFileSync(pathOf(CHILD), header + usage(CHILD, 'resp_1'));
      return [pathOf(ROOT)];
    });
    appendFileSync(pathOf(ROOT), line('session_meta', { id: ROOT, cwd: CWD }));
    const follower = follow({ pid: process.pid });
    follower.start();
    follower.setRoot(ROOT);
    const listedOnceMore = new Promise<void>((resolve) => {
      vi.mocked(listOpenSessionFiles).mockImplementationOnce(async () => {
        resolve();
        return [pathOf(ROOT), pathOf(CHILD)];
      });
    });
    await listedOnceMore;
    await follower.finish();
    expect(responsesOf(follower)).toEqual(['resp_1']);
  });

  // A review of before 0.153 has its file open for a quarter of a second, and only that tells whose it is.
  test('looks every 50 ms until the folder of the day exists, from when on a new file is told of', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const delay = () => timers.mock.lastCall?.[1];
    rmSync(join(codexHome, 'sessions'), { recursive: true });
    const follower = follow();
    follower.start();
    follower.setRoot(ROOT);
    for (let look = 0; look < 10; look++) {
      vi.advanceTimersByTime(50);
      expect(delay()).toBe(50);
    }
    mkdirSync(today, { recursive: true });
    while (delay() === 50) {
      vi.advanceTimersByTime(50);
      await setImmediate();
    }
    expect(delay()).toBe(250);
    await follower.finish();
  });

  test('discovers nothing for files that are deleted, and not more than once in 50 ms for files that come', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] });
    const watch = { add: () => undefined, has: () => true, close: () => undefined };
    vi.mocked(createFolderWatch).mockReturnValueOnce(watch);
    const follower = follow({ pid: process.pid });
    const change = vi.mocked(createFolderWatch).mock.lastCall?.[0] ?? (() => undefined);
    const discoveries = vi.mocked(listOpenSessionFiles).mockClear().mock.calls;
    follower.start();
    follower.setRoot(ROOT);
    while (discoveries.length === 0) await setImmediate();
    for (let turn = 0; turn < 100; turn++) await setImmediate();
    const atFirst = discoveries.length;
    const names = Array.from({ length: 200 }, (_, index) => basename(pathOf(OTHER.slice(0, -3) + (100 + index))));
    const changeAll = async () => {
      for (const name of names) {
        change(today, name);
        await setImmediate();
      }
    };
    await changeAll();
    expect(discoveries.length).toBe(atFirst);
    for (const name of names) appendFileSync(join(today, name), '');
    await changeAll();
    expect(discoveries.length).toBeLessThanOrEqual(atFirst + 1);
    while (discoveries.length < atFirst + 2) {
      vi.advanceTimersByTime(50);
      await setImmediate();
    }
    await follower.finish();
  });

  test('reads the threads that belong to the root, and no others', async () => {
    const follower = follow();
    for (const [thread, session] of [
      [ROOT, ROOT],
      [OTHER, OTHER],
      [CHILD, ROOT],
    ] as const) {
      appendFileSync(pathOf(thread), line('session_meta', { id: thread, session_id: session, cwd: CWD }));
      appendFileSync(pathOf(thread), usage(thread, `resp_of_${thread}`));
    }
    follower.setRoot(ROOT);
    await follower.finish();
    expect(responsesOf(follower).toSorted()).toEqual([`resp_of_${ROOT}`, `resp_of_${CHILD}`].toSorted());
  });

  test('takes the only thread that began in its folder when nobody names one', async () => {
    const follower = follow();
    appendFileSync(pathOf(ROOT), line('session_meta', { id: ROOT, cwd: CWD }) + usage(ROOT, 'resp_1'));
    appendFileSync(pathOf(OTHER), line('session_meta', { id: OTHER, cwd: '/elsewhere' }) + usage(OTHER, 'resp_2'));
    await follower.finish();
    expect(follower.rootId).toBe(ROOT);
    expect(responsesOf(follower)).toEqual(['resp_1']);
  });

  test('guesses no thread when several began in its folder', async () => {
    const follower = follow();
    for (const thread of [ROOT, OTHER]) {
      appendFileSync(pathOf(thread), line('session_meta', { id: thread, cwd: CWD }) + usage(thread, 'resp'));
    }
    await follower.finish();
    expect(follower.rootId).toBeUndefined();
    expect(responsesOf(follower)).toEqual([]);
  });

  test('looks past links that lead nowhere', async () => {
    const follower = follow();
    for (let index = 10; index < 30; index++) {
      symlinkSync('/no/such/file', pathOf(`01a20104-0000-7000-8000-0000000000${index}`));
    }
    for (const thread of [ROOT, CHILD]) {
      const header = line('session_meta', { id: thread, session_id: ROOT, cwd: CWD });
      appendFileSync(pathOf(thread), header + usage(thread, `resp_of_${thread}`));
    }
    follower.setRoot(ROOT);
    await follower.finish();
    expect(responsesOf(follower).toSorted()).toEqual([`resp_of_${ROOT}`, `resp_of_${CHILD}`].toSorted());
  });

  test('counts what it cannot read, by reason', async () => {
    const follower = follow();
    appendFileSync(pathOf(ROOT), line('session_meta', { id: ROOT, cwd: CWD }));
    appendFileSync(pathOf(ROOT), `${line('hologram', {})}not json\n${usage(ROOT, 'resp_1')}{"timestamp":"2026-`);
    follower.setRoot(ROOT);
    await follower.finish();
    expect(responsesOf(follower)).toEqual(['resp_1']);
    expect(Object.fromEntries(follower.files[0]?.unreadable ?? [])).toEqual({
      'unknown record type hologram': { lines: 1, firstLine: 2 },
      'not JSON': { lines: 2, firstLine: 3 },
    });
  });
});

function follow({ pid }: { pid?: number } = {}): SessionFollower {
  return new SessionFollower({ codexHome, cwd: CWD, startedAtMs, pid, threads: 'one', onProgress: () => undefined });
}

function pathOf(thread: string): string {
  return join(today, `rollout-2026-11-22T02-09-29-${thread}.jsonl`);
}

function line(type: string, payload: Record<string, unknown>): string {
  return `${JSON.stringify({ timestamp: new Date().toISOString(), type, payload })}\n`;
}

function usage(thread: string, responseId: string): string {
  return line('token_usage_record', {
    thread_id: thread,
    response_id: responseId,
    usage: { input_tokens: 10, cached_input_tokens: 1, output_tokens: 2 },
  });
}

function responsesOf(follower: SessionFollower): string[] {
  return follower.files.flatMap(({ thread }) => thread.responses.map(({ key }) => key));
}
