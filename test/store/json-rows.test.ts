import { expect, it } from 'vitest';
import { JsonRows } from '../../src/store/json-rows.js';

function write(rows: JsonRows, values: readonly (readonly (string | number | undefined)[])[]): string {
  for (const row of values) {
    rows.begin();
    for (const value of row) typeof value === 'string' ? rows.text(value) : rows.number(value);
    rows.end();
  }
  return Buffer.from(rows.take()).toString();
}

const toJson = (values: unknown) => JSON.stringify(values, (_, value) => value ?? null);

it('rows are what JSON says of them, and begin anew each time', () => {
  const rows = new JsonRows();
  const numbers = [0, 1, 9, 10, 99, 100, 2 ** 31 - 1, 2 ** 31, 999_999_999, 1e9, 1_767_600_008_100, 2 ** 53 - 1];
  const odd = [-1, 0.5, 1e21, 2 ** 53, undefined];
  const texts = ['', 'resp_0', 'total:1/2', 'a "b"', 'größer', '\n\\', '\ud800', '日本', 'ÿ'];
  for (const values of [[numbers, odd], [], [texts], [['plain'], numbers]]) {
    expect(write(rows, values)).toBe(toJson(values));
  }
});

it('rows are as many and as long as they are', () => {
  const values = Array.from({ length: 5000 }, (_, index) => [`resp_${index}`, index, 'x'.repeat(index % 700)]);
  expect(write(new JsonRows(), values)).toBe(toJson(values));
  expect(write(new JsonRows(), [['é'.repeat(200_000)]])).toBe(toJson([['é'.repeat(200_000)]]));
});
