import { expect, test } from 'vitest';
import { InvocationResponses } from '../../src/meter/invocation-responses.js';
import { createPriceBook } from '../../src/pricing/prices.js';
import type { PricedResponse } from '../../src/usage/record.js';
import { sampleResponse } from '../store/samples.js';

function openBooks() {
  const written: PricedResponse[] = [];
  const told: { fresh: string[]; all: string[] }[] = [];
  const ceded = new Set<string>();
  const books = new InvocationResponses({
    prices: createPriceBook({ user: [] }),
    remarks: () => [],
    outputCovers: () => true,
    write: (responses) => void written.push(...responses),
    findCeded: (booked) => booked.flatMap(([, key], place) => (ceded.has(key) ? [place] : [])),
    onResponses: (fresh, all) => void told.push({ fresh: keysOf(fresh), all: keysOf(all) }),
  });
  return { books, written, told, ceded };
}

const keysOf = (responses: readonly PricedResponse[]) => responses.map(({ key }) => key);

test('what belongs to another invocation is written and counted, but is not its own', () => {
  const { books, written, told, ceded } = openBooks();
  ceded.add('resp-1');
  books.record([sampleResponse('resp-1')]);
  books.record([sampleResponse('resp-1'), sampleResponse('resp-2')]);
  expect(keysOf(written)).toEqual(['resp-1', 'resp-1', 'resp-2']);
  expect(keysOf(books.responses)).toEqual(['resp-2']);
  expect(books.counted).toBe(2);
  expect(told).toEqual([{ fresh: ['resp-2'], all: ['resp-2'] }]);
});

test('what another invocation takes over later is left to it, which is told once', () => {
  const { books, told, ceded } = openBooks();
  books.record([sampleResponse('resp-1'), sampleResponse('resp-2')]);
  ceded.add('resp-1');
  books.releaseReassigned();
  books.releaseReassigned();
  expect(keysOf(books.responses)).toEqual(['resp-2']);
  expect(told.slice(1)).toEqual([{ fresh: [], all: ['resp-2'] }]);
});

test('what is known better is struck out', () => {
  const { books } = openBooks();
  books.record([sampleResponse('otel:1', { evidence: 'otel' }), sampleResponse('resp-1')]);
  books.remove(({ evidence }) => evidence === 'otel');
  expect(keysOf(books.responses)).toEqual(['resp-1']);
  expect(books.counted).toBe(1);
});
