import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { priceResponse } from '../../src/pricing/cost.js';
import { createPriceBook } from '../../src/pricing/prices.js';
import { UNPRICED_MODELS } from '../../src/pricing/unpriced-models.js';
import { NO_USAGE } from '../../src/usage/usage.js';
import { CODEX } from '../harness/workbench.js';

/** Tiers that the catalogue offers of a model, and whose price is not known. */
const UNPRICED_TIERS: readonly string[] = ['gpt-6.2-astra priority'];

interface CatalogueModel {
  readonly slug: string;
  readonly service_tiers: readonly { readonly id: string }[];
}

const NOW = Date.parse('2026-11-28T12:00:00Z');
const USAGE = { ...NO_USAGE, input: 1000, cachedInput: 400, cacheWrite: 100, output: 100, reasoning: 50 };
const book = createPriceBook();
let catalogue: readonly CatalogueModel[] = [];

beforeAll(() => {
  const home = mkdtempSync(join(tmpdir(), 'catalogue-'));
  const options = { env: { ...process.env, CODEX_HOME: home }, timeout: 30_000, stdio: 'pipe' } as const;
  try {
    // Without a login, and as it is in the program: nothing is asked of the network.
    const json = execFileSync(CODEX, ['debug', 'models', '--bundled'], { ...options, maxBuffer: 64 * 1024 * 1024 });
    catalogue = JSON.parse(json.toString()).models;
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});

const priceOf = (model: string, serviceTier: string | null) => {
  return priceResponse(book, { model, serviceTier, atMs: NOW, usage: USAGE });
};

describe("the prices, held against the pinned Codex's own catalogue of models", () => {
  it('are there for every model, or the model is known to have none', () => {
    const unpriced = catalogue.filter(({ slug }) => priceOf(slug, null).kind === 'unpriced').map(({ slug }) => slug);
    expect(unpriced.sort()).toEqual([...UNPRICED_MODELS.keys()].sort());
  });

  it('are there for every tier that the catalogue offers of a model with a price, or the tier is known to have none', () => {
    const unpriced = catalogue
      .filter(({ slug }) => !UNPRICED_MODELS.has(slug))
      .flatMap(({ slug, service_tiers: tiers }) => tiers.map(({ id }) => ({ slug, id })))
      .filter(({ slug, id }) => priceOf(slug, id).kind === 'unpriced');
    expect(unpriced.map(({ slug, id }) => `${slug} ${id}`)).toEqual(UNPRICED_TIERS);
  });

  it('are of the model itself, not of one with a similar name', () => {
    for (const { slug } of catalogue) {
      const priced = priceOf(slug, null);
      if (priced.kind === 'priced') expect(priced.price.model, slug).toBe(slug);
    }
  });
});
