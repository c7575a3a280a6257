import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { AGENT_IDS } from '../../../src/agents/registry.js';
import { PROVIDERS } from '../../../src/usage/provider.js';
import { legendOf, PATTERNS, type Theme } from '../../../src/web/page/charts/theme.js';
import { PROVIDER_OPTIONS, PROVIDERS as SHOWN } from '../../../src/web/page/names.js';

const readStyles = (name: string) =>
  readFileSync(new URL(`../../../src/web/page/styles/${name}.css`, import.meta.url), 'utf8');

describe('the page', () => {
  it('knows every provider that the record knows', () => {
    expect([...SHOWN].sort()).toEqual([...PROVIDERS].sort());
  });

  it('lets one choose each agent', () => {
    expect(PROVIDER_OPTIONS.map(({ value }) => value)).toEqual(['all', ...AGENT_IDS]);
  });

  it('has a pattern for each provider, for who cannot tell colours', () => {
    expect(PATTERNS).toHaveLength(PROVIDERS.length);
  });

  it.each([
    [1400, 1],
    [300, 2],
    [200, 4],
  ])('leaves a chart of %d pixels room for %d rows of its legend', (width, rows) => {
    const names = ['builder', 'reviewer', 'chat', 'handoff', 'failure', 'budget', 'cache miss'];
    const frame = { width, theme: {} as Theme };
    const { heightPx, legend } = legendOf(names, frame, { itemWidth: 14, itemHeight: 10 });
    expect(heightPx).toBe(12 + 22 * rows);
    expect(legend.textStyle.width).toBeLessThan(width);
  });

  it.each(PROVIDERS)('has a colour of %s for light and for dark', (provider) => {
    const colours = [...readStyles('base').matchAll(new RegExp(`--${provider}: (#[0-9a-f]{6});`, 'g'))];
    expect(new Set(colours.map(([, colour]) => colour)).size).toBe(2);
  });

  it.each(AGENT_IDS)('shows the choice of %s in its colour', (id) => {
    expect(readStyles('parts')).toContain(`.choice-${id} input:checked + span`);
  });
});
