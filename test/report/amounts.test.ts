import { describe, expect, it } from 'vitest';
import {
  chooseCostFormat,
  cleanText,
  formatCost,
  formatCount,
  formatDuration,
  formatPlural,
} from '../../src/report/amounts.js';

describe('a cost', () => {
  it.each([
    [12_345_678, '$0.0123'],
    [1_000_000_000, '$1.0000'],
    [1_234_567_890_123, '$1,234.5679'],
    [99_995_000, '$0.1000'],
    [5_000_000, '$0.0050'],
    [412_345, '$0.00041'],
    [41_000, '$0.000041'],
    [999_999, '$0.00100'],
    [12, '$0.000000012'],
    [1, '$0.000000001'],
    [0, '$0.0000'],
    [8_999_999_999_999_999, '$9,000,000.0000'],
    [8_999_999_123_450_000, '$8,999,999.1235'],
  ])('of %i nano-USD has four decimals, or as many as its first two figures take: %s', (nanoUsd, text) => {
    expect(formatCost(nanoUsd)).toBe(text);
  });

  it('never reads as nothing when something was spent', () => {
    for (let nanoUsd = 1; nanoUsd < 1e13; nanoUsd *= 3) expect(formatCost(nanoUsd)).toMatch(/[1-9]/);
  });
});

describe('the costs of a column', () => {
  it.each([
    [12e9, [2.52e9, 977_700_000, 1000], ['$2.52', '$0.98', '<$0.01']],
    [2.52e9, [2.52e9, 977_700_000, 41_000], ['$2.5200', '$0.9777', '<$0.0001']],
    [41_000, [41_000, 0], ['$0.000041', '$0.000000']],
  ])('of which %i is the largest are all written alike', (largest, costs, texts) => {
    expect(costs.map(chooseCostFormat([largest]))).toEqual(texts);
  });
});

describe('a count', () => {
  it('has separators between thousands', () => {
    expect([0, 999, 1000, 12_345_678].map(formatCount)).toEqual(['0', '999', '1,000', '12,345,678']);
  });

  it('of things agrees with its noun', () => {
    const written = [0, 1, 1000].map((count) => formatPlural(count, 'response'));
    expect(written).toEqual(['0 responses', '1 response', '1,000 responses']);
  });
});

describe('a duration', () => {
  it.each([
    [0, '0.0s'],
    [849, '0.8s'],
    [59_949, '59.9s'],
    [59_950, '1m 00s'],
    [252_000, '4m 12s'],
    [3_599_499, '59m 59s'],
    [3_599_500, '1h 00m'],
    [11_220_000, '3h 07m'],
    [360_000_000, '100h 00m'],
  ])('of %i ms reads %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe('text from outside', () => {
  it('loses what a terminal would obey', () => {
    expect(cleanText('\u001b[31mred\u001b]0;title\u0007')).toBe('\\x1b[31mred\\x1b]0;title\\x07');
    expect(cleanText('two\nlines\t\u202eback\u0000\u2028')).toBe('two\\nlines\\t\\u202eback\\x00\\u2028');
    expect(cleanText('\ud800 \u{e0001} \u009b')).toBe('\\ud800 \\u{e0001} \\x9b');
  });

  it('keeps letters of every script', () => {
    expect(cleanText('日本語 naïve Ω')).toBe('日本語 naïve Ω');
    expect(cleanText('👩\u200d💻 می\u200cخواهم \ue0b0')).toBe('👩\u200d💻 می\u200cخواهم \ue0b0');
  });
});
