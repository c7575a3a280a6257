import { execa } from 'execa';
import { get_encoding } from 'tiktoken';
import { describe, expect, it } from 'vitest';
import { countTokens, sliceText } from '../../src/estimate/tokenizer.js';

const PROSE = 'The quick brown fox jumps over 13 lazy dogs; "why?", said the 2nd one.\n'.repeat(400);

describe('the tokenizer', () => {
  it('counts as tiktoken does', async () => {
    expect(await countTokens(['hello world', '', 'Größe: 12 µm'])).toEqual([2, 0, 7]);
  });

  it('counts a long text in slices as it would in one', async () => {
    const whole = get_encoding('o200k_base');
    const exact = whole.encode(PROSE, [], []).length;
    whole.free();
    const [counted = 0] = await countTokens([PROSE]);
    expect(Math.abs(counted - exact) / exact).toBeLessThan(0.01);
  });

  it('counts special tokens as text and broken UTF-16 as replacement characters', async () => {
    const [special = 0, broken = 0] = await countTokens(['<|endoftext|>', 'a\ud800b']);
    expect(special).toBeGreaterThan(1);
    expect(broken).toBe(3);
  });

  it.each([
    ['ten million times the same letter', 'a'.repeat(10_000_000)],
    ['a million letters without a break', randomLetters(1_000_000)],
    ['a million blanks', ' '.repeat(1_000_000)],
  ])('counts %s in bounded time', async (_, text) => {
    const startedAtMs = performance.now();
    const [tokens = 0] = await countTokens([text]);
    expect(tokens).toBeGreaterThan(text.length / 200);
    expect(performance.now() - startedAtMs).toBeLessThan(15_000);
  });

  it('lets the main thread go on while it loads and counts', async () => {
    let ticks = 0;
    const timer = setInterval(() => ticks++, 5);
    await countTokens([randomLetters(300_000)]);
    clearInterval(timer);
    expect(ticks).toBeGreaterThan(5);
  });

  it.each([
    ['waits for a count', 'process.exit(1)', 1],
    ['ends once it has its counts', 'undefined', 0],
  ])('keeps the process alive only while it counts: it %s', async (_, next, exitCode) => {
    const script = `import('./src/estimate/tokenizer.ts').then(({ countTokens }) => countTokens(['hello'])).then(() => ${next})`;
    const ended = await execa(process.execPath, ['--import', 'tsx', '-e', script], { reject: false, timeout: 20_000 });
    expect(ended).toMatchObject({ exitCode, timedOut: false });
  });
});

describe('slices of a text', () => {
  it('are the text again, cut before blanks where it has some', () => {
    const slices = sliceText(PROSE);
    expect(slices.map(({ text }) => text).join('')).toBe(PROSE);
    expect(slices.slice(1).every(({ text }) => text.startsWith(' '))).toBe(true);
  });

  it('part no surrogate pair', () => {
    const slices = sliceText(`x${'😀'.repeat(2_000)}`);
    expect(slices.some(({ text }) => /\p{Surrogate}/u.test(text))).toBe(false);
  });

  it('of a very long text represent the rest of it', () => {
    const slices = sliceText('ab '.repeat(2_000_000));
    const chars = slices.reduce((sum, { text, times }) => sum + text.length * times, 0);
    expect(Math.round(chars)).toBe(6_000_000);
    expect(slices.reduce((sum, { text }) => sum + text.length, 0)).toBeLessThan(1_100_000);
  });
});

/** The same ones every time. */
function randomLetters(count: number): string {
  let state = 1;
  const next = () => {
    state = (state * 48_271) % 2_147_483_647;
    return 'acgt'[state % 4] ?? '';
  };
  return Array.from({ length: count }, next).join('');
}
