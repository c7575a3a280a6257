import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseRolloutLine as parseLine } from '../../src/formats/codex-rollout.js';
import { isSilentAt, parseRolloutBytes } from '../../src/formats/codex-rollout-bytes.js';
import { readFixtures } from '../harness/fixtures.js';

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

/** Without what says nothing of usage. */
function withoutGauges(record: object): object {
  const { context: _context, rateLimits: _rateLimits, ...rest } = record as Record<string, unknown>;
  return rest;
}

const parseRolloutLine = (line: string) => withoutGauges(parseLine(line));

function read(line: string) {
  const bytes = Buffer.from(line);
  // In the middle of others, as in a file.
  const file = Buffer.concat([Buffer.from('{"a":1}\n'), bytes, Buffer.from('\n{"b":2}')]);
  const end = 8 + bytes.length;
  return isSilentAt(file, 8, end) ? { kind: 'irrelevant' } : withoutGauges(parseRolloutBytes(file, 8, end));
}

describe('a line read from its bytes', () => {
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
        expect(read(header(text))).toMatchObject({ kind: 'session', cliVersion: '0.169.0' });
        expect(read(header(text).slice(0, -150))).toMatchObject({ kind: 'unrecognised' });
      }
    },
  );

  it.each([USAGE_RECORD, TOKEN_COUNT])('is refused where it is cut: %.120s', (line) => {
    for (let end = 1; end < line.length; end++) {
      expect([end, read(line.slice(0, end))]).toEqual([end, parseRolloutLine(line.slice(0, end))]);
    }
  });
});

/** What nobody reads of a record is not looked at: whether it is JSON does not matter. */
function isForgiven(line: string, at: number): boolean {
  const from = line.search(/,"turn_token_usage"|,"last_usage_includes/);
  const totals = [...line.matchAll(/"total_tokens":\d+/g)].some(({ index }) => at >= index + 15 && at < index + 19);
  return totals || (at >= from && at < line.length - 2);
}
