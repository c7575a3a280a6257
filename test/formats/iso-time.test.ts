import { describe, expect, it } from 'vitest';
import { readIsoTime } from '../../src/formats/iso-time.js';

const read = (text: string) => readIsoTime(Buffer.from(`{"timestamp":"${text}"`), '{"timestamp":"'.length);

describe('a time that is read from bytes', () => {
  it('is what Date.parse says, on any day and in any order of days', () => {
    for (let index = 0; index < 2000; index++) {
      const text = new Date(Date.UTC(1969, 11, 30) + ((index * 7_919_000_017) % 4_000_000_000_000)).toISOString();
      expect([text, read(text)]).toEqual([text, Date.parse(text)]);
    }
  });

  for (const text of [
    ...['2026-02-29T00:00:00.000Z', '2026-02-31T12:00:00.000Z', '2026-13-01T00:00:00.000Z', '2026-00-10T00:00:00.000Z'],
    ...['2026-03-04T24:00:00.000Z', '2026-03-04T25:00:00.000Z', '2026-03-04T05:60:07.089Z', '2026-03-04T05:06:60.000Z'],
    ...['2026-03-04 05:06:07.089Z', '2026-03-04T05:06:07.08xZ', 'x026-03-04T05:06:07.089Z', '2026-03-04T05:06:07.0899'],
    ...['2026/03/04T05:06:07.089Z', '', 'no time at all, and long e'],
  ]) {
    it(`is what Date.parse says, though it looks odd: ${text}`, () => {
      const taken = Buffer.from(`${text}"`).toString('latin1', 0, 24);
      expect([read(text), read(text)]).toEqual([Date.parse(taken), Date.parse(taken)]);
    });
  }
});
