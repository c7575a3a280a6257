import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { leaveOutInstructions } from '../../../src/agents/codex/header.js';
import { parseRolloutLine as parseLine, type RolloutRecord } from '../../../src/agents/codex/rollout.js';
import { RolloutScanner } from '../../../src/agents/codex/rollout-scanner.js';
import { Thread } from '../../../src/agents/codex/thread.js';
import type { Unrecognised } from '../../../src/formats/line.js';
import { createLineSplitter } from '../../../src/io/lines.js';
import { readFixtures } from '../../harness/fixtures.js';
import { SessionLines } from './session-lines.js';

const recorded = readFixtures()
  .flatMap(({ files }) => files)
  .map((path): [string, string[]] => [basename(path), readFileSync(path, 'utf8').trimEnd().split('\n')]);

const ID = '01a20d5e-b4fe-73a3-a38f-594c760ef5f1';
const COUNTS =
  '{"input_tokens":5000,"cached_input_tokens":256,"cache_write_input_tokens":7,"output_tokens":70,"reasoning_output_tokens":11,"total_tokens":5070}';
const HEAD = '{"timestamp":"2026-11-24T11:44:00.411Z","ordinal":12,"type":';
/** As Codex 0.169 writes them. */
const USAGE_RECORD = `${HEAD}"token_usage_record","payload":{"thread_id":"${ID}","turn_id":"t1","session_id":"${ID}","root_turn_id":"t0","response_id":"resp_1","usage":${COUNTS},"turn_token_usage":${COUNTS},"thread_token_usage":${COUNTS}}}`;
const TOKEN_COUNT = `${HEAD}"event_msg","payload":{"type":"token_count","info":{"total_token_usage":${COUNTS},"last_token_usage":${COUNTS},"last_usage_includes_reasoning":false,"model_context_window":258400},"rate_limits":{"limit_id":"codex","primary":{"used_percent":12.5},"plan_type":null}}}`;

const scanner = new RolloutScanner();

type Read = { number: number } & (RolloutRecord | Unrecognised);

/** Reads lines, `step` bytes at a time, and returns their records with the numbers of their lines. */
function readLines(way: 'scanned' | 'parsed', lines: readonly string[], step = 4096, thread?: Thread): Read[] {
  const found: Read[] = [];
  const onRecord = (record: RolloutRecord | Unrecognised, number: number) => {
    found.push({ ...record, number });
    if (record.kind !== 'unrecognised') thread?.add(record);
  };
  const splitter = createLineSplitter({
    onLine(line, number) {
      const record = parseLine(line);
      if (record.kind !== 'irrelevant') onRecord(record, number);
    },
    ...(way === 'scanned' && { scan: (bytes, first, onLine) => scanner.scan(bytes, first, { onRecord, onLine }) }),
  });
  // The first line of a chunk is not scanned, because it may have begun in the chunk before.
  const file = Buffer.from(['', ...lines, ''].join('\n'));
  scanner.begin();
  for (let at = 0; at < file.length; at += step) splitter.push(file.subarray(at, at + step));
  expect(splitter.endedBytes).toBe(file.length);
  return found;
}

/** Without what says nothing of usage. */
function withoutGauges(record: object): object {
  const { context: _context, rateLimits: _rateLimits, ...rest } = record as Record<string, unknown>;
  return rest;
}

const parseRolloutLine = (line: string) => withoutGauges(parseLine(line));

/** What is read of one line, alone in its file. */
function read(line: string): object {
  const { number: _number, ...record } = readLines('scanned', [line], line.length * 4 + 4)[0] ?? { kind: 'irrelevant' };
  return withoutGauges(record);
}

describe('a line that is scanned', () => {
  it.each(recorded)('of %s is what it is as JSON', (_name, lines) => {
    expect(lines.map(read)).toEqual(lines.map(parseRolloutLine));
  });

  it.each([USAGE_RECORD, TOKEN_COUNT])('is what it is as JSON: %.120s', (line) => {
    expect(read(line)).toEqual(parseRolloutLine(line));
  });

  it.each([USAGE_RECORD, TOKEN_COUNT])('is what it is as JSON wherever one byte differs: %.120s', (line) => {
    for (let at = 0; at < line.length; at++) {
      for (const other of ['', '"', '}', '9', ' ', 'é']) {
        const changed = line.slice(0, at) + other + line.slice(at + 1);
        if (isForgiven(line, at)) continue;
        expect([changed, read(changed)]).toEqual([changed, parseRolloutLine(changed)]);
      }
    }
  });

  it.each([2_147_483_647, 2_147_483_648, 999_999_999_999_999, 1e15])('has its counts, however large: %d', (count) => {
    for (const line of [USAGE_RECORD, TOKEN_COUNT]) {
      const large = line.replaceAll('"input_tokens":5000', `"input_tokens":${count}`);
      expect(read(large)).toEqual(parseRolloutLine(large));
    }
  });

  it.each([USAGE_RECORD, TOKEN_COUNT])('is refused where it is cut: %.120s', (line) => {
    for (let end = 1; end < line.length; end++) {
      expect([end, read(line.slice(0, end))]).toEqual([end, parseRolloutLine(line.slice(0, end))]);
    }
  });

  it('is of the time that it says, on any day', () => {
    for (let index = 0; index < 2000; index++) {
      const time = new Date(Date.UTC(1969, 11, 30) + ((index * 7_919_000_017) % 4_000_000_000_000)).toISOString();
      const line = USAGE_RECORD.replace('2026-11-24T11:44:00.411Z', time);
      expect([time, read(line)]).toEqual([time, parseRolloutLine(line)]);
    }
  });

  it.each([
    ...['2026-02-29T00:00:00.000Z', '2024-02-29T00:00:00.000Z', '2026-02-31T12:00:00.000Z', '2026-13-01T00:00:00.000Z'],
    ...['2026-04-31T00:00:00.000Z', '2026-03-04T24:00:00.000Z', '2026-03-04T05:60:07.089Z', '2026-03-04T05:06:60.000Z'],
    ...['2026-03-04 05:06:07.089Z', '2026-03-04T05:06:07.08xZ', '2026-11-24"11:44:00.411Z', '2026-03-04T05:06:07.0899'],
  ])('is what it is as JSON, though its time looks odd: %s', (time) => {
    const line = USAGE_RECORD.replace('2026-11-24T11:44:00.411Z', time);
    expect(read(line)).toEqual(parseRolloutLine(line));
  });

  it.each(['You are Codex. ', 'Say "yes". ', 'C:\\temp\\', '"base_instructions":{"text":"', '\\"}}, é '])(
    'is what it is as JSON where it is a header with long instructions: %s',
    (instructions) => {
      const header = (text: string) =>
        JSON.stringify({
          timestamp: '2026-11-24T11:44:00.411Z',
          type: 'session_meta',
          payload: {
            id: ID,
            cwd: `/home/${text.slice(0, 30)}`,
            base_instructions: { text },
            cli_version: '0.169.0',
            forked_from_id: ID,
          },
        });
      for (const text of [instructions, instructions.repeat(500)]) {
        expect(read(header(text))).toEqual(parseRolloutLine(header(text)));
        const short = leaveOutInstructions(Buffer.from(header(text))).toString();
        expect(parseRolloutLine(short)).toEqual(parseRolloutLine(header(text)));
        expect(short.length).toBeLessThan(2000);
        expect(read(header(text))).toMatchObject({ kind: 'session', cliVersion: '0.169.0' });
        expect(read(header(text).slice(0, -150))).toMatchObject({ kind: 'unrecognised' });
      }
    },
  );
});

describe('the two records that are many', () => {
  /** Any other line is read as JSON, which takes many times as long. */
  function isReadFast(line: string): boolean {
    let isRecord = false;
    const onRecord = () => {
      isRecord = true;
    };
    scanner.begin();
    expect(scanner.scan(Buffer.from(`${line}\n`), 1, { onRecord, onLine: () => undefined })).toBe(1);
    return isRecord;
  }

  const ofRelease = (version: string) => {
    const files = readFixtures().flatMap((fixture) => (fixture.version === version ? fixture.files : []));
    const lines = files.flatMap((path) => readFileSync(path, 'utf8').trimEnd().split('\n'));
    return lines.filter((line) => /"token_usage_record"|"token_count","info":\{/.test(line));
  };

  it.each(['0.155.0', '0.169.0', pinnedRelease()])('are read fast in the sessions of Codex %s', (version) => {
    const lines = ofRelease(version);
    expect(lines.some((line) => line.includes('"token_usage_record"'))).toBe(true);
    expect(lines.some((line) => line.includes('"token_count"'))).toBe(true);
    expect(lines.filter((line) => !isReadFast(line))).toEqual([]);
  });

  it('are read as JSON where their keys are in another order', () => {
    const [line = ''] = ofRelease(pinnedRelease());
    const { timestamp, ...rest } = JSON.parse(line) as Record<string, unknown>;
    expect(isReadFast(line)).toBe(true);
    expect(isReadFast(JSON.stringify({ ...rest, timestamp }))).toBe(false);
  });
});

describe('a file that is scanned', () => {
  function readOut(way: 'scanned' | 'parsed', lines: readonly string[], step: number) {
    const thread = new Thread(0);
    const records = readLines(way, lines, step, thread).map(withoutGauges);
    return { records, responses: thread.responses, notes: thread.notes, saved: thread.save() };
  }

  it.each(recorded)('%s comes to the same as line by line, in pieces of any size', (_name, lines) => {
    for (const step of [1000, 4096, 65_536])
      expect(readOut('scanned', lines, step)).toEqual(readOut('parsed', lines, step));
  });

  it.each([
    ['a time of another form', 3, (line: string) => line.replace('T11:44', ' 11:44')],
    ['a count that no response has', 2, (line: string) => line.replace('s":1000', 's":3000000000')],
    ['a count that is none', 2, (line: string) => line.replace('s":1000', 's":-1')],
    ['more than is known', 3, (line: string) => line.replace('"total_tokens":1010}', '"total_tokens":1010,"new":1}')],
  ])('comes to the same where the first record of a turn has %s', (_what, counted, change) => {
    const ofTurn = (line: string, turn: number) => line.replaceAll('"t1"', `"t${turn}"`);
    const context = (turn: number) => `${HEAD}"turn_context","payload":{"turn_id":"t${turn}","model":"gpt-5.${turn}"}}`;
    const turns = [2, 3, 4].map(
      (turn) => [context(turn), usageRecord(10 * turn), usageRecord(10 * turn + 1), turn] as const,
    );
    const lines = turns.flatMap(([begin, first, second, turn]) => {
      return [begin, change(ofTurn(first, turn)), ofTurn(second, turn), ofTurn(usageRecord(10 * turn + 2), turn)];
    });
    const scanned = readOut('scanned', [HEADER, ...lines], 3000);
    expect(scanned).toEqual(readOut('parsed', [HEADER, ...lines], 3000));
    expect(scanned.responses.map(({ model }) => model)).toEqual(
      [2, 3, 4].flatMap((turn) => Array.from({ length: counted }, () => `gpt-5.${turn}`)),
    );
  });

  it('comes to the same in sessions in which anything may be odd', () => {
    // Among them counts that repeat, are lost, or are of another thread, and a total that restarts.
    for (let seed = 0; seed < 240; seed++) {
      const lines = new SessionLines(seed, (seed % 6) * 0.02).write(8, 12).trimEnd().split('\n');
      expect([seed, readOut('scanned', lines, 3000 + seed)]).toEqual([seed, readOut('parsed', lines, 3000 + seed)]);
    }
  });
});

/** The release that package.json asks for: what people have today. */
function pinnedRelease(): string {
  const path = new URL('../../../package.json', import.meta.url);
  return JSON.parse(readFileSync(path, 'utf8')).devDependencies['@openai/codex'];
}

const HEADER = `${HEAD}"session_meta","payload":{"id":"${ID}","cli_version":"0.169.0","cwd":"/shop"}}`;

function counts(times: number): string {
  const [input, output] = [1000 * times, 10 * times];
  return `{"input_tokens":${input},"cached_input_tokens":0,"output_tokens":${output},"reasoning_output_tokens":0,"total_tokens":${input + output}}`;
}

function usageRecord(key: number, thread = ID): string {
  return `${HEAD}"token_usage_record","payload":{"thread_id":"${thread}","turn_id":"t1","session_id":"${ID}","root_turn_id":"t1","response_id":"r${key}","usage":${counts(1)}}}`;
}

/** What nobody reads of a record is not looked at: whether it is JSON does not matter. */
function isForgiven(line: string, at: number): boolean {
  const from = line.search(/,"turn_token_usage"|,"last_usage_includes/);
  const totals = [...line.matchAll(/"total_tokens":\d+/g)].some(({ index }) => at >= index + 15 && at < index + 19);
  return totals || (at >= from && at < line.length - 2);
}
