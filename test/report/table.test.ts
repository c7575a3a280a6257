import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { COLOURED, PLAIN } from '../../src/report/paint.js';
import {
  type Column,
  cutText,
  fitColumns,
  measureWidth,
  type Row,
  renderFirstFitting,
  renderTable,
  wrapText,
} from '../../src/report/table.js';

type Key = 'name' | 'model' | 'input' | 'cost';

const COLUMNS: Column<Key>[] = [
  { key: 'name', title: 'Name', align: 'left' },
  { key: 'model', title: 'Model', align: 'left', dropOrder: 2, minWidth: 8 },
  { key: 'input', title: 'Input', align: 'right', dropOrder: 1 },
  { key: 'cost', title: 'Cost', align: 'right' },
];
const ROWS: Row<Key>[] = [
  { cells: { name: 'builder', model: 'gpt-5.3-codex', input: '1,234', cost: '$0.0100' } },
  { cells: { model: '└ mini', input: '34', cost: '$0.0001' }, needs: 'model' },
  { cells: { name: 'total', input: '1,268', cost: '$0.0101' }, ruled: true, style: 'bold' },
];

const render = (width: number, rows = ROWS) => renderTable(COLUMNS, rows, { width, paint: PLAIN });

describe('a table', () => {
  it('sets its rows in columns, with lines below the titles and above the total', () => {
    expect(render(80).text.split('\n')).toEqual([
      'Name     Model          Input     Cost',
      '──────────────────────────────────────',
      'builder  gpt-5.3-codex  1,234  $0.0100',
      '         └ mini            34  $0.0001',
      '──────────────────────────────────────',
      'total                   1,268  $0.0101',
    ]);
  });

  it.each([
    ['cuts long cells before it drops a column', 35, 'builder  gpt-5.3-c…  1,234  $0.0100', []],
    [
      'drops the least important column next, and gives its room to the others',
      31,
      'builder  gpt-5.3-codex  $0.0100',
      ['Input'],
    ],
  ])('%s', (_what, width, line, missing) => {
    const table = render(width);
    expect([table.text.split('\n')[2], table.missing]).toEqual([line, missing]);
  });

  it('leaves out the rows that say nothing without a dropped column', () => {
    const { text, missing } = render(20);
    expect(text.split('\n').filter((line) => !line.startsWith('─'))).toEqual([
      'Name        Cost',
      'builder  $0.0100',
      'total    $0.0101',
    ]);
    expect(missing).toEqual(['Model', 'Input']);
  });

  it('is never wider than it may be, while its columns that must stay fit', () => {
    for (let width = 16; width < 60; width++) {
      const widths = render(width).text.split('\n').map(measureWidth);
      expect(Math.max(...widths)).toBeLessThanOrEqual(width);
    }
  });

  it('keeps its columns below each other over many rows', () => {
    const rows = Array.from({ length: 95 }, (_, index): Row<Key> => {
      return { cells: { name: `row ${index}`, cost: `${index ** 3}` }, ruled: index === 59 || index === 64 };
    });
    const lines = render(80, rows).text.split('\n');
    expect(new Set(lines.map(measureWidth)).size).toBe(1);
    expect(lines.filter((line) => /^─+$/.test(line)).length).toBe(3);
    expect(lines.length).toBe(1 + 95 + 3);
  });

  it('counts wide characters as the two columns they take', () => {
    const rows = [{ cells: { name: '日本語', cost: '$1' } }, { cells: { name: 'builder', cost: '$2' } }];
    expect(render(80, rows).text.split('\n').slice(2)).toEqual([
      '日本語                   $1',
      'builder                  $2',
    ]);
  });

  it('cuts wide characters within its width', () => {
    const rows = [{ cells: { name: 'a', model: '日本語のモデル日本語のモデル', input: '1', cost: '$1' } }];
    const lines = render(32, rows).text.split('\n');
    expect(lines[2]).toContain('…');
    expect(Math.max(...lines.map(measureWidth))).toBeLessThanOrEqual(32);
  });

  it('shows only its titles when it has no rows', () => {
    expect(render(80, []).text).toBe('Name  Model  Input  Cost');
  });

  it('paints cells without moving them', () => {
    const coloured = renderTable(COLUMNS, ROWS, { width: 35, paint: COLOURED }).text;
    expect(coloured).toContain('\u001b[1mtotal\u001b[22m');
    expect(stripVTControlCharacters(coloured).replaceAll(/ +$/gm, '')).toBe(render(35).text);
  });

  it('ends a style where it cuts a cell', () => {
    const rows: Row<Key>[] = [{ cells: { name: 'a', model: 'gpt-5.3-codex', input: '1', cost: '$1' }, style: 'gray' }];
    const { text } = renderTable(COLUMNS, rows, { width: 28, paint: COLOURED });
    expect(text).toContain('\u001b[90mgpt-5.3-…\u001b[39m');
  });
});

describe('a table with two wordings', () => {
  const columns: Column<Key>[] = COLUMNS.map((column) =>
    column.key === 'input' ? { ...column, omitted: 'easily' } : column,
  );
  const short = [{ cells: { name: 'b', model: 'gpt', input: '1k', cost: '$0.01' } }];
  const first = (width: number) => {
    const { text } = renderFirstFitting(columns, [() => ROWS, () => short], { width, paint: PLAIN });
    return text.split('\n')[2]?.split(/ {2,}/)[0];
  };

  it('has the first one for which all columns fit that the others need', () => {
    expect([80, 31, 23].map(first)).toEqual(['builder', 'builder', 'b']);
  });
});

describe('a paragraph', () => {
  it.each([
    [
      'is broken between words, its later lines indented',
      22,
      'one two three four five six',
      'one two three four\n  five six',
    ],
    ['of one line is left as it is', 40, 'one two', 'one two'],
    [
      'keeps an address or a path whole',
      22,
      'see https://example.org/a/long for',
      'see\n  https://example.org/a/long\n  for',
    ],
    ['keeps the spaces between facts', 22, 'project shop  codex 1', 'project shop  codex\n  1'],
  ])('%s', (_what, width, text, lines) => {
    expect(wrapText(text, width)).toBe(lines);
  });

  it('is cut where only one line is wanted', () => {
    expect([cutText('one two three', 9), cutText('one', 9)]).toEqual(['one two …', 'one']);
  });
});

const NAME = { natural: 10 };
const MODEL = { natural: 30, minWidth: 20, dropOrder: 2, drop: 'reluctantly' as const };
const NUMBER = { natural: 8, dropOrder: 1 };
const OUTCOME = { natural: 24, minWidth: 20 };

describe('columns', () => {
  it.each([
    ['are as wide as their cells where there is room', 200, [10, 30, 8, 24]],
    ['are as wide as their cells where there is just room', 78, [10, 30, 8, 24]],
    ['are cut from the right', 77, [10, 30, 8, 23]],
    ['are cut down to what they should have', 74, [10, 30, 8, 20]],
    ['are cut from the right on', 70, [10, 26, 8, 20]],
    ['are all cut down to what they should have', 64, [10, 20, 8, 20]],
    ['are dropped before others are cut further, and their room is used', 63, [10, 29, '-', 20]],
    ['that are dropped reluctantly stay while others can be cut', 53, [10, 20, '-', 19]],
    ['that are dropped reluctantly stay until nothing can be cut', 38, [10, 12, '-', 12]],
    ['that are dropped reluctantly go in the end', 37, [10, '-', '-', 24]],
    ['that must stay are cut last of all', 30, [10, '-', '-', 18]],
    ['that must stay may be too wide', 20, [10, '-', '-', 12]],
  ])('%s: %i', (_what, width, widths) => {
    const columns = [NAME, MODEL, NUMBER, OUTCOME].map((column, index) => ({ ...column, index }));
    const fitted = fitColumns(columns, width);
    expect(columns.map(({ index }) => fitted.find((column) => column.index === index)?.width ?? '-')).toEqual(widths);
  });
});
