import { describe, expect, it } from 'vitest';
import { createClock } from '../../src/report/calendar.js';
import { readCostReport } from '../../src/report/cost-report.js';
import { renderCostMarkdown } from '../../src/report/cost-text.js';
import type { Selection } from '../../src/report/selector.js';
import { createStore, START, sampleInvocation, sampleResponse } from '../store/samples.js';

function render(runId = 'nightly-7'): string {
  const store = createStore();
  const update = { status: 'completed', exitCode: 0, endedAtMs: START + 61_000 } as const;
  store.record({
    invocation: sampleInvocation('a', { attribution: { runId } }),
    update,
    responses: [sampleResponse('1')],
    notes: [{ kind: 'fallback', reason: 'no session file', figures: {} }],
  });
  const review = sampleInvocation('b', { attribution: { runId, phase: 'reviewer' }, startedAtMs: START + 70_000 });
  store.record({ invocation: review, update, responses: [sampleResponse('2', { source: 'estimated' })] });
  const scope = { kind: 'run', projectId: 'shop', runId } as const;
  const report = readCostReport(store.connection, scope, { detail: 'models' });
  const selection: Selection = { scope, reason: 'named' };
  return renderCostMarkdown(report, selection, {
    ...{ clock: createClock('UTC'), nowMs: START + 100_000, extent: 'full', notes: 'all' },
  });
}

describe('the report as Markdown', () => {
  it('is a heading, a table with its sums in bold, what its marks mean, and the notes', () => {
    const lines = render().split('\n');
    expect(lines[0]).toBe('## Run nightly-7');
    const table = lines.filter((line) => line.startsWith('|'));
    const columns = table[0]?.split('|').length;
    expect(table.every((line) => line.split('|').length === columns)).toBe(true);
    expect(table[1]).toMatch(/^\|( (:--|--:) \|)+$/);
    expect(table.at(-1)).toContain('**total**');
    expect(table.at(-1)).toContain('**\\~\\$0.0052**');
    expect(lines.join('\n')).toContain('<details><summary>1 note</summary>');
  });

  it('takes no character of a name for its own', () => {
    const markdown = render('a|b*c_<img>`d`#1');
    expect(markdown).toContain('## Run a\\|b\\*c\\_\\<img\\>\\`d\\`\\#1');
    expect(markdown).not.toContain('<img>');
  });
});
