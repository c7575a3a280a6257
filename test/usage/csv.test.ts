import { describe, expect, it } from 'vitest';
import { writeCsvRow } from '../../src/usage/csv.js';

describe('a row of CSV', () => {
  it.each(['=1', '+1', '-1', '@sum', '\tx', '＝1'])(
    'has the text %j behind an apostrophe, unless it is raw',
    (text) => {
      expect(writeCsvRow([text])).toBe(`'${text}`);
      expect(writeCsvRow([text], 'raw')).toBe(text);
    },
  );

  it('has numbers and other texts as they are, and nothing for what is not known', () => {
    expect(writeCsvRow([-1.5, 'a=1', null, '2026-11-24', "'x", ''])).toBe("-1.5,a=1,,2026-11-24,'x,");
  });

  it('quotes what holds a comma, a quote or a line break', () => {
    expect(writeCsvRow(['a,b', 'a"b', 'a\nb', '\rb'])).toBe('"a,b","a""b","a\nb","\'\rb"');
  });
});
