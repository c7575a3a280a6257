import { expect, it } from 'vitest';
import { JsonRows, type Numbers } from '../../src/store/json-rows.js';

type Row = readonly [text: string, ...numbers: Numbers];

function write(rows: JsonRows, values: readonly Row[]): string {
  for (const [text, ...numbers] of values) rows.add(text, numbers);
  return Buffer.from(rows.take()).toString();
}

const toJson = (values: unknown) => JSON.stringify(values, (_, value) => value ?? null);

it('rows are what JSON says of them, and begin anew each time', () => {
  const rows = new JsonRows();
  const numbers = [0, 1, 9, 10, 99, 100, 2 ** 31 - 1, 2 ** 31, 999_999_999, 1e9, 1_767_600_008_100, 2 ** 53 - 1];
  const odd = [-1, 0.5, 1e21, 2 ** 53, undefined];
  const texts = ['', 'resp_0', 'total:1/2', 'a "b"', 'größer', '\n\\', '\ud800', '日本', 'ÿ'];
  const all = texts.map((text): Row => [text, ...numbers, ...odd]);
  for (const values of [all, [], [['plain']] as Row[]]) expect(write(rows, values)).toBe(toJson(values));
});

it('rows are as many and as long as they are', () => {
  const values = Array.from({ length: 5000 }, (_, index): Row => [`resp_${index}${'x'.repeat(index % 700)}`, index]);
  expect(write(new JsonRows(), values)).toBe(toJson(values));
  expect(write(new JsonRows(), [['é'.repeat(200_000)]])).toBe(toJson([['é'.repeat(200_000)]]));
});
