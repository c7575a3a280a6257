import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { NEW_THREAD, type SavedThread } from '../../src/formats/codex-thread-state.js';
import { RolloutScanner } from '../../src/formats/rollout-scanner.js';
import { createCodexReader } from '../../src/history/codex-reader.js';
import { scanLines } from '../../src/io/scan.js';
import { Pricer } from '../../src/pricing/pricer.js';
import { createPriceBook } from '../../src/pricing/prices.js';
import { openPack, type Pack, Packer } from '../../src/store/pack.js';
import { readFixtures } from '../harness/fixtures.js';
import { createRandom, SessionLines } from './codex-lines.js';

const PATH = '/sessions/rollout-2026-08-20T23-40-00-01a20d5e-b4fe-73a3-a38f-594c760ef5f1.jsonl';
const SECOND_TURN = '01a20d5e-c000-7000-8000-000000000001';
const NESTED = `${'['.repeat(70)}${']'.repeat(70)}`;
/** What may stand in a line of the second turn. */
const PAYLOADS = [
  ...[
    '',
    '"turn_id":"SECOND"',
    '"model":"gpt-5.4"',
    '"turn_id":"SECOND","model":"MODEL"',
    '"model":"MODEL","turn_id":"SECOND"',
  ],
  ...[
    '"turn_id":"SECOND","model":"gpt-5"',
    '"turn_id":"SECOND","model":"MODEL","model":"gpt-5.5"',
    '"turn_id":"SECOND","model":""',
  ],
  ...['"turn_id":"t1","model":"MODEL","turn_id":"SECOND"', '"turn_id":"SECOND","model":"MODEL","turn_id":"t1"'],
  ...[
    '"turn_id":"SECOND","model":"MODEL","mod\\u0065l":"gpt-5.5"',
    '"mod\\u0065l":"gpt-5.5","turn_id":"SECOND","model":"MODEL"',
  ],
  ...[
    '"turn_id":"SECOND","model":"MODEL","type":"turn_aborted"',
    '"turn_id":"SECOND","model":"MODEL","n":{"model":"gpt-5.5"}',
  ],
  ...[
    '"turn_id":null,"model":"MODEL"',
    '"turn_id":2,"model":"MODEL"',
    '"turn_id":"SECOND","model":5',
    '"turn_id":"","model":"MODEL"',
  ],
  ...[
    '"turn_id":"\\u0030SECOND","model":"MODEL"',
    '"turn_id":"SECOND","model":"MODEL" ',
    ' "turn_id":"SECOND","model":"MODEL"',
  ],
  ...[
    ...[
      '1',
      '-0',
      '10.25',
      '1e9',
      '-1.5E-3',
      '01',
      '1.',
      '-',
      '+1',
      '.5',
      '1e',
      '1e+',
      '0x1',
      'true',
      'tru',
      'nulll',
      'NaN',
    ],
    ...[
      '[]',
      '[1,[2]]',
      '[1,]',
      '[,]',
      '{}',
      '{"a":1}',
      '{"a"}',
      '{"a":1,}',
      '{a:1}',
      "'a'",
      '"\\n\\u00e9"',
      '"\\x"',
      '"\\u12g4"',
    ],
    ...['"\\u12', '"\t"', '"é"', '"}}"', NESTED, ''],
  ].map((value) => `"turn_id":"SECOND","model":"MODEL","x":${value}`),
  ...[
    '"turn_id":"SECOND","model":"MODEL"}',
    '"turn_id":"SECOND","model":"MODEL"},"y":{',
    '"turn_id":"SECOND","model":"MODEL",',
  ],
].map((payload) => payload.replaceAll('MODEL', 'gpt-5.6-sol'));

const scanner = new RolloutScanner();
const packer = new Packer();
const PRICER = new Pricer(createPriceBook());

interface Read {
  readonly packs: readonly object[];
  readonly unreadableLines: number;
  readonly state: Omit<SavedThread, 'keys'>;
  readonly keys: readonly string[];
}

/**
 * What is told of a session file with this content. `saved`: as if nothing of it had been read, but by a reader that goes
 * on from there, and so counts each response by itself. It is read in pieces, and drained after some of them.
 */
function read(content: Buffer, saved?: SavedThread, seed = 0, pricer = PRICER): Read {
  const reader = createCodexReader({ path: PATH, nameProject: () => 'shop', pricer, scanner, packer, saved });
  const random = createRandom(seed);
  const packs: object[] = [];
  const drain = () => packs.push(...reader.drain().packs.map(describePack));
  let at = 0;
  const rest = scanLines(
    reader,
    0,
    (target, offset) => {
      const bytes = content.copy(target, offset, at, at + 1 + Math.floor(random() * 50_000));
      at += bytes;
      return bytes;
    },
    { onOverlong: () => undefined, onChunk: () => void (random() < 0.05 && drain()) },
  );
  if (rest) reader.takeLast(rest, content.length - rest.length);
  drain();
  const { keys, ...state } = reader.save() as SavedThread;
  return { packs, unreadableLines: reader.unreadableLines, state, keys };
}

/** All of it but the places of turns: a turn that goes on later may stand twice. */
function describePack(pack: Pack): object {
  const { turns: _turns, counts: _counts, kinds, sums, ...rest } = pack;
  const byTime = [...sums].sort((a, b) => a.startMs - b.startMs || a.model.localeCompare(b.model));
  return { ...rest, kinds: JSON.parse(kinds), sums: byTime, responses: openPack(pack) };
}

/** How many responses were counted without the thread while `what` was done. */
function countInSeries(what: () => void): number {
  const add = vi.spyOn(Packer.prototype, 'addSeries');
  what();
  return add.mock.calls.flatMap(([{ sums }]) => sums).reduce((total, { responses }) => total + responses, 0);
}

function expectSame(content: Buffer, seed: number, pricer = PRICER): void {
  const [counted, expected] = [read(content, undefined, seed, pricer), read(content, NEW_THREAD, seed, pricer)];
  expect({ seed, ...counted, keys: 0 }).toEqual({ seed, ...expected, keys: 0 });
  // Those of responses that a total alone tells are kept in another order.
  const newest = expected.keys.slice(-20).filter((key) => !key.startsWith('total:'));
  expect({ seed, missing: newest.filter((key) => !counted.keys.includes(key)) }).toEqual({ seed, missing: [] });
}

const write = (seed: number, oddity: number, turns: number, responsesPerTurn: number) =>
  Buffer.from(new SessionLines(seed, oddity).write(turns, responsesPerTurn));

afterEach(() => vi.restoreAllMocks());

describe('responses that are counted in series', () => {
  it('are nearly all of a session, and what they are one by one', () => {
    const sessions = Array.from({ length: 40 }, (_, seed) => write(seed, 0, 12, 15));
    const all = sessions.reduce(
      (total, content) => total + content.toString().split('token_usage_record').length - 1,
      0,
    );
    const counted = countInSeries(() => {
      for (const [seed, content] of sessions.entries()) expectSame(content, seed);
    });
    expect(counted / all).toBeGreaterThan(0.8);
  });

  it('are what they are one by one, whatever stands between them', () => {
    const counted = countInSeries(() => {
      for (let seed = 0; seed < 400; seed++) expectSame(write(seed, 0.01 + (seed % 5) * 0.02, 8, 12), seed);
    });
    expect(counted).toBeGreaterThan(1000);
  });

  it('are what they are one by one, wherever a byte of the file is another', () => {
    for (let seed = 0; seed < 300; seed++) {
      const random = createRandom(seed);
      const content = write(seed, 0, 3, 6);
      for (let times = 0; times < 3; times++) {
        content[Math.floor(random() * content.length)] = Math.floor(random() * 256);
      }
      expectSame(content, seed);
    }
  });

  it('are what they are one by one where there are more than is kept of them at once', () => {
    // Of rows, of turns, of quarters of an hour, of keys.
    expectSame(write(1, 0, 1, 3000), 1);
    expectSame(write(2, 0, 300, 2), 2);
    expectSame(write(3, 0.5, 200, 3), 3);
    expectSame(write(4, 0, 2, 40_000), 4);
  });

  it('are what they are one by one where a user says a price beyond all reason', () => {
    const rates = { input: 1e15, cachedInput: 1e15, cacheWrite: null, output: 1e15 };
    const pricer = new Pricer(createPriceBook({ user: [{ model: 'gpt-5.4', from: null, rates }] }));
    expectSame(Buffer.from(new SessionLines(1, 0, 'gpt-5.4').write(3, 9)), 1, pricer);
  });

  it.each([999_999_999, 1_000_000_000, 1_000_000_001, 2 ** 31 - 1])(
    'are what they are one by one where a response told %d tokens of one kind',
    (tokens) => {
      const lines = new SessionLines(3, 0, 'gpt-5.4').write(3, 9).split('\n');
      const records = lines.flatMap((line, index) => (line.includes('"token_usage_record"') ? [index] : []));
      for (const place of [2, 5]) {
        const at = records[place] ?? 0;
        lines[at] = lines[at]?.replace(/"input_tokens":\d+/, `"input_tokens":${tokens}`) ?? '';
      }
      expectSame(Buffer.from(lines.join('\n')), 2);
      expect(read(Buffer.from(lines.join('\n'))).unreadableLines).toBe(tokens > 1e9 ? 2 : 0);
    },
  );

  it.each(PAYLOADS)('are what they are one by one around a turn that begins with %s', (payload) => {
    for (const type of ['turn_context', 'task_started']) {
      const lines = new SessionLines(8, 0, 'gpt-5.6-sol').write(2, 9).split('\n');
      const [, second = 0] = lines.flatMap((line, index) => (line.includes(`"${type}"`) ? [index] : []));
      const head = type === 'turn_context' ? '' : `"type":"${type}"`;
      const members = [head, payload.replaceAll('SECOND', SECOND_TURN)].filter((part) => part !== '').join(',');
      lines[second] = lines[second]?.replace(/"payload":.*/, `"payload":{${members}}}`) ?? '';
      expectSame(Buffer.from(lines.join('\n')), 0);
    }
  });

  it.each(readFixtures().flatMap(({ files }) => files.map((path) => [basename(path), path] as const)))(
    'are what they are one by one in %s',
    (_name, path) => {
      for (let seed = 0; seed < 3; seed++) expectSame(readFileSync(path), seed);
    },
  );
});
