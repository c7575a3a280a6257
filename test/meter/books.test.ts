import { expect, test } from 'vitest';
import { Books } from '../../src/meter/books.js';
import { createPriceBook } from '../../src/pricing/prices.js';
import type { PricedResponse } from '../../src/usage/record.js';
import { sampleResponse } from '../store/samples.js';

function openBooks() {
  const written: PricedResponse[] = [];
  const books = new Books({
    prices: createPriceBook({ user: [] }),
    remarks: () => [],
    isTold: () => true,
    write: (responses) => void written.push(...responses),
  });
  return { books, written };
}

const keysOf = (responses: readonly PricedResponse[]) => responses.map(({ key }) => key);

test('what was left to another invocation is counted but not its own, also when it is booked anew', () => {
  const { books, written } = openBooks();
  books.book([sampleResponse('resp-1'), sampleResponse('resp-2')]);
  books.cede([sampleResponse('resp-1'), sampleResponse('never booked')]);
  books.book([sampleResponse('resp-1')]);
  expect(keysOf(books.responses)).toEqual(['resp-2']);
  expect(books.counted).toBe(2);
  expect(keysOf(written)).toEqual(['resp-1', 'resp-2', 'resp-1']);
});

test('what is known better is struck out', () => {
  const { books } = openBooks();
  books.book([sampleResponse('otel:1', { evidence: 'otel' }), sampleResponse('resp-1')]);
  books.strike(({ evidence }) => evidence === 'otel');
  expect(keysOf(books.responses)).toEqual(['resp-1']);
  expect(books.counted).toBe(1);
});
