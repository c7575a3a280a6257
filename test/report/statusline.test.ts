import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { Figures } from '../../src/report/figures.js';
import type { LimitWindow } from '../../src/report/limits.js';
import { COLOURED, PLAIN } from '../../src/report/paint.js';
import {
  fillFormat,
  findUnknownPlaceholders,
  PLACEHOLDER_NAMES,
  renderStatusline,
  type StatuslineFacts,
} from '../../src/report/statusline.js';
import { cutText, measureWidth } from '../../src/report/table.js';
import { NO_USAGE } from '../../src/usage/usage.js';

const figures = (costNanoUsd: number | undefined, more: Partial<Figures> = {}): Figures => ({
  ...{ usage: NO_USAGE, responses: 2, unpricedResponses: 0, costNanoUsd },
  ...{ models: ['gpt-5.3-codex'], sources: ['actual'], evidence: [] },
  ...more,
});
const NOTHING = figures(undefined, { responses: 0, sources: [] });
const window = (name: string, leftPercent: number | undefined, limitId = 'codex'): LimitWindow => ({
  ...{ provider: 'codex', limitId, name, windowMinutes: 300, leftPercent, resetsAtMs: 1, observedAtMs: 0 },
});
const FACTS: StatuslineFacts = {
  spending: { today: figures(4_210_000_000), perHourNanoUsd: 3_100_000_000 },
  run: { id: 'nightly-7', figures: figures(1_200_000_000) },
  running: 2,
  limits: [window('5h', 62.4), window('week', 19)],
};

const roomOf = (width: number) => ({ width, measure: measureWidth, cut: cutText });

describe('the status line', () => {
  test.each([
    [Number.POSITIVE_INFINITY, 'codex $4.21 today · nightly-7 $1.20 · $3.10/h · 5h 62% left · week 19% left'],
    [70, 'codex $4.21 today · nightly-7 $1.20 · 5h 62% left · week 19% left'],
    [60, 'codex $4.21 today · nightly-7 $1.20 · 5h 62% left'],
    [40, 'codex $4.21 today · 5h 62% left'],
    [20, 'codex $4.21 today'],
    [10, 'codex $4.…'],
  ])('keeps within %i cells and leaves out first what matters least', (width, line) => {
    expect(renderStatusline(FACTS, PLAIN, roomOf(width))).toBe(line);
    expect(stripVTControlCharacters(renderStatusline(FACTS, COLOURED, roomOf(width)))).toBe(line);
  });

  test('counts the cells that characters take, and cuts a format between them', () => {
    const wide = { ...FACTS, run: { id: '日本語', figures: figures(1) } };
    // Thirty characters, three of them in two cells each.
    expect(renderStatusline({ ...wide, limits: [] }, PLAIN, roomOf(32))).toBe('codex $4.21 today');
    expect(renderStatusline({ ...wide, limits: [] }, PLAIN, roomOf(33))).toBe('codex $4.21 today · 日本語 <$0.01');
    expect(fillFormat('{run_id}|{today}', wide, PLAIN, roomOf(6))).toBe('日本…');
    expect(fillFormat('{run_id}|{today}', wide, PLAIN, roomOf(12))).toBe('日本語|$4.21');
    const low = { ...FACTS, limits: [window('5h', 9)] };
    expect(fillFormat('{5h} left', low, COLOURED, roomOf(5))).toBe('\u001b[31m9%\u001b[39m l…');
  });

  test('leaves out what there is nothing to say of', () => {
    const idle = { spending: { today: NOTHING, perHourNanoUsd: 0 }, run: undefined, running: 0, limits: [] };
    expect(renderStatusline(idle, PLAIN)).toBe('codex $0.00 today');
    const only = { ...FACTS, run: { id: 'only', figures: FACTS.spending.today }, limits: [] };
    expect(renderStatusline(only, PLAIN)).toBe('codex $4.21 today · $3.10/h');
  });

  test('marks what is not certain', () => {
    const today = figures(4_210_000_000, { sources: ['estimated'], unpricedResponses: 1 });
    const limits = [window('5h', undefined)];
    expect(renderStatusline({ ...FACTS, spending: { ...FACTS.spending, today }, limits }, PLAIN)).toBe(
      'codex ~$4.21+ today · nightly-7 $1.20 · $3.10/h · 5h renewed',
    );
  });

  test('colours a window of which little is left', () => {
    const limits = [window('5h', 25), window('week', 24), window('1h', 9, 'codex_spark')];
    expect(renderStatusline({ ...FACTS, limits }, COLOURED)).toContain(
      '5h 25% left · week \u001b[33m24%\u001b[39m left · codex_spark 1h \u001b[31m9%\u001b[39m left',
    );
  });

  test('shortens the id of a run, and lets no control sequence through', () => {
    const run = { id: `\u001b${'😀'.repeat(40)}`, figures: figures(1) };
    expect(renderStatusline({ ...FACTS, run }, PLAIN)).toContain(` · \\x1b${'😀'.repeat(15)}… <$0.01 · `);
  });

  test('follows a format', () => {
    const format = '{today}|{run_id} {run}|{rate}|{running}|{5h}|{week}|{windows}';
    expect(fillFormat(format, FACTS, PLAIN)).toBe(
      '$4.21|nightly-7 $1.20|$3.10/h|2|62%|19%|5h 62% left · week 19% left',
    );
    expect(fillFormat('[{run_id}{run}{5h}]', { ...FACTS, run: undefined, limits: [] }, PLAIN)).toBe('[]');
    expect(findUnknownPlaceholders(PLACEHOLDER_NAMES.map((name) => `{${name}}`).join(''))).toEqual([]);
    expect(findUnknownPlaceholders('{today} {todai} { }')).toEqual(['{todai}']);
  });
});
