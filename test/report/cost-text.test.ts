import { describe, expect, it } from 'vitest';
import { createClock } from '../../src/report/calendar.js';
import { readCostReport } from '../../src/report/cost-report.js';
import { type CostTextOptions, renderCostMarkdown, renderCostText } from '../../src/report/cost-text.js';
import { PLAIN } from '../../src/report/paint.js';
import { measureWidth } from '../../src/report/table.js';
import type { Scope } from '../../src/store/queries.js';
import type { Store } from '../../src/store/store.js';
import type { InvocationUpdate, Note } from '../../src/usage/record.js';
import { START, sampleResponse } from '../store/samples.js';
import { storeOf } from './recorded.js';

const RUN: Scope = { kind: 'run', projectId: 'shop', runId: 'nightly-7' };
const OPTIONS: CostTextOptions = {
  ...{ clock: createClock('UTC'), nowMs: START + 90_000, width: 200, paint: PLAIN },
  ...{ extent: 'full', notes: 'brief' },
};
const DONE: InvocationUpdate = { status: 'completed', exitCode: 0, endedAtMs: START + 252_000 };
const CUT: InvocationUpdate = { status: 'interrupted', signal: 'SIGTERM', endedAtMs: START + 5 };
const ONE = { update: DONE, responses: [sampleResponse('1')] };
const REVIEWER = { attribution: { phase: 'reviewer' } } as const;
const UNPRICED = { costNanoUsd: undefined, price: undefined };

function render(store: Store, options: Partial<CostTextOptions & { detail: 'models' | 'responses' }> = {}): string {
  const report = readCostReport(store.connection, RUN, { detail: options.detail ?? 'models' });
  return renderCostText(report, { scope: RUN, reason: 'named' }, { ...OPTIONS, ...options });
}

const lineOf = (text: string, part: string) => text.split('\n').find((line) => line.includes(part)) ?? '';

describe('what a person reads of a run', () => {
  it('has a row per invocation, the phases and the total', () => {
    const builder = { ...ONE, update: { ...DONE, codexVersion: '0.169.0' } };
    const failed = { ...DONE, status: 'failed', exitCode: 1 } as const;
    const reviewer = { as: REVIEWER, update: failed, responses: [sampleResponse('2')] };
    expect(render(storeOf(builder, reviewer))).toBe(`Run nightly-7
project shop  started 2026-03-04 05:06  codex 0.169.0

Started           Iter  Phase     Model          Input  Cached  Output  Reasoning     Cost  Source  Duration  Outcome
──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
2026-03-04 05:06     1  builder   gpt-5.3-codex  1,000     400     200         50  $0.0026  actual    4m 12s  completed
2026-03-04 05:06     1  reviewer  gpt-5.3-codex  1,000     400     200         50  $0.0026  actual    4m 12s  failed (exit 1)
──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
                        builder   1 invocation   1,000     400     200         50  $0.0026  actual    4m 12s  1 completed
                        reviewer  1 invocation   1,000     400     200         50  $0.0026  actual    4m 12s  0 of 1 completed
──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────────
                        total     2 invocations  2,000     800     400        100  $0.0052  actual    8m 24s  1 of 2 completed
`);
  });

  it('has no subtotal beside the total when there is one phase', () => {
    expect(render(storeOf(ONE)).match(/1 invocation/g)).toHaveLength(1);
  });

  it('shows every response, its evidence, tier and thread, when it is asked to', () => {
    const child = sampleResponse('2', { threadId: 'child', serviceTier: 'flex', evidence: 'token_count' });
    const store = storeOf({ update: { threadId: 'thread-1' }, responses: [sampleResponse('1'), child] });
    const text = render(store, { detail: 'responses' });
    expect(lineOf(text, '├ gpt-5.3-codex')).toMatch(/\$0\.0026 .*05:06:08 usage record$/);
    expect(lineOf(text, '└ gpt-5.3-codex')).toMatch(/05:06:08 child, flex, token count$/);
  });

  it('shows what was written to the cache when anything was', () => {
    expect(render(storeOf(ONE))).not.toContain('Cache wr.');
    const wrote = sampleResponse('2', { usage: { cacheWrite: 77 } });
    expect(render(storeOf({ responses: [sampleResponse('1'), wrote] }))).toMatch(/Cache wr\..* 77 /s);
  });

  it('does not let what was recorded command the terminal', () => {
    const responses = [sampleResponse('1', { model: '\u001b[2Jgpt\nline' })];
    const figures = { '\u001b[31mname': '\u001b]0;t\u0007' };
    const store = storeOf({ responses, notes: [{ kind: 'fault', reason: 'bell \u0007', figures }] });
    expect(render(store, { notes: 'all' }).replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });
});

describe('the same in Markdown', () => {
  const renderMarkdown = (runId: string) => {
    const attribution = { runId };
    const guess = sampleResponse('2', { source: 'estimated' });
    const notes: Note[] = [{ kind: 'fallback', reason: 'no session file', figures: {} }];
    const reviewer = { as: { attribution: { runId, phase: 'reviewer' } }, update: DONE, responses: [guess] } as const;
    const scope: Scope = { ...RUN, runId };
    const store = storeOf({ as: { attribution }, ...ONE, notes }, reviewer);
    const report = readCostReport(store.connection, scope, { detail: 'models' });
    return renderCostMarkdown(report, { scope, reason: 'named' }, { ...OPTIONS, notes: 'all' });
  };

  it('is a heading, a table with its sums in bold, what its marks mean, and the notes', () => {
    const markdown = renderMarkdown('nightly-7');
    const table = markdown.split('\n').filter((line) => line.startsWith('|'));
    const columns = table[0]?.split('|').length;
    expect(markdown).toMatch(/^## Run nightly-7\n/);
    expect(table.every((line) => line.split('|').length === columns)).toBe(true);
    expect(table[1]).toMatch(/^\|( (:--|--:) \|)+$/);
    expect(table.at(-1)).toMatch(/\*\*total\*\*.*\*\*\\~\\\$0\.0052\*\*/);
    expect(markdown).toContain('<details><summary>1 note</summary>');
  });

  it('takes no character of a name for its own', () => {
    const markdown = renderMarkdown('a|b*c_<img>`d`#1');
    expect(markdown).toContain('## Run a\\|b\\*c\\_\\<img\\>\\`d\\`\\#1');
    expect(markdown).not.toContain('<img>');
  });
});

describe('a long run', () => {
  function createLoop(iterations: number): Store {
    return storeOf(
      ...Array.from({ length: 2 * iterations }, (_, index) => {
        const iteration = Math.floor(index / 2) + 1;
        const phase = index % 2 === 0 ? ('builder' as const) : ('reviewer' as const);
        const costNanoUsd = ((iteration * 7) % iterations) * 1e8 + (index % 2) * 1e6 + 1e6;
        const as = { attribution: { phase, iteration }, startedAtMs: START + iteration * 1000 + (index % 2) };
        return { as, update: DONE, responses: [sampleResponse(`${index}`, { costNanoUsd })] };
      }),
    );
  }
  const firstCells = (text: string) => {
    return text.split('\n').flatMap((line) => /^2026-\S+ \S+ +(\d+) +(\w+)/.exec(line)?.slice(1).join(' ') ?? []);
  };

  it('has the sum of each iteration below its invocations', () => {
    const text = render(createLoop(3));
    expect(
      text.match(/ \d +all +2 invocations +2,000 +800 +400 +100 +\$\d\.\d{4} +actual +\S+ \S+ +2 completed/g),
    ).toHaveLength(3);
    expect(lineOf(text, ' 2  all')).toContain('$0.4030');
  });

  it('can be sorted and cut, and what is left out is one row, so that the sums hold', () => {
    const text = render(createLoop(10), { sort: 'cost', top: 3 });
    expect(firstCells(text)).toEqual(['7 reviewer', '7 builder', '4 reviewer']);
    expect(text.match(/^ +(\d+) +all/gm)?.map((line) => line.trim())).toEqual(['7  all', '4  all', '1  all']);
    expect(text).toMatch(/… +others +17 invocations +17,000 /);
    expect(text).toMatch(/… +others +14 invocations +14,000 /);
  });

  it.each(['iteration', 'tokens', 'duration'] as const)(
    'sorted by %s begins with what was first, where all are alike',
    (sort) => {
      expect(firstCells(render(createLoop(4), { sort })).slice(0, 2)).toEqual(['1 builder', '1 reviewer']);
    },
  );

  it('is a chart of at most forty bars, each of which names its iterations', () => {
    const bars = (iterations: number) => {
      const lines = render(createLoop(iterations), { form: 'chart', width: 80 }).split('\n');
      return lines.filter((line) => line.startsWith('iteration'));
    };
    expect(bars(3).map((line) => line.replaceAll(/█|▏|▌| +/g, ' ').trim())).toEqual([
      expect.stringMatching(/^iteration 1 .*\$0\.2030 33%$/),
      expect.stringMatching(/^iteration 2 .*\$0\.4030 66%$/),
      expect.stringMatching(/^iteration 3 .*\$0\.0030 <1%$/),
    ]);
    const long = bars(90);
    expect(long).toHaveLength(30);
    expect([long[0], long[29]].map((line) => line?.slice(0, 15))).toEqual(['iteration  1– 3', 'iteration 88–90']);
    for (const line of long) expect(measureWidth(line)).toBeLessThanOrEqual(80);
  });

  it('without a price is a chart of tokens', () => {
    const store = storeOf({ responses: [sampleResponse('1', UNPRICED)] });
    expect(render(store, { form: 'chart' })).toMatch(/builder +█+ +1\.2k 100%\n\nTotal {2}1\.2k tokens\n/);
  });
});

describe('an outcome', () => {
  it.each([
    [{ status: 'running' }, 'running'],
    [{ status: 'completed', exitCode: 0 }, 'completed'],
    [{ status: 'failed', exitCode: 101 }, 'failed (exit 101)'],
    [{ status: 'interrupted', exitCode: 1, signal: 'SIGINT' }, 'interrupted (SIGINT)'],
    [{ status: 'abandoned' }, 'abandoned'],
  ] as [InvocationUpdate, string][])('of %o reads %s', (update, words) => {
    const row = lineOf(render(storeOf({ update })), '2026-03-04 05:06  ');
    expect(row.slice(-words.length - 2)).toBe(`  ${words}`);
  });

  it('of who still runs comes with the time so far, marked', () => {
    expect(lineOf(render(storeOf({})), 'running')).toContain('1m 30s…');
  });

  it('without any response has no figures', () => {
    const text = render(storeOf({ update: { status: 'failed', exitCode: 1 } }));
    expect(lineOf(text, 'failed (exit 1)')).toMatch(/builder( +-){8} {2}failed \(exit 1\)$/);
    expect(text).not.toContain('$');
  });
});

describe('figures that the API did not report', () => {
  it('are marked in their row and in the total, and only there, and explained with how much of it is what', () => {
    const guess = sampleResponse('1', { source: 'estimated', evidence: 'tokenizer', model: 'guessed' });
    const text = render(storeOf({ responses: [guess] }, { responses: [sampleResponse('2', { model: 'reported' })] }));
    expect(lineOf(text, 'guessed')).toMatch(/ ~1,000 +~400 +~200 +~50 +~\$0\.0026 {2}estimated/);
    expect(lineOf(text, 'reported')).toMatch(/ 1,000 +400 +200 +50 +\$0\.0026 {2}actual/);
    expect(lineOf(text, 'total')).toMatch(/ ~2,000 +~800 +~400 +~100 +~\$0\.0052 {2}mixed/);
    expect(text).toContain(
      '~ not all of it was reported by the API: of 2 responses 1 actual ($0.0026), 1 estimated (~$0.0026).',
    );
    expect(render(storeOf(ONE))).not.toContain('~');
  });
});

describe('a model without a price', () => {
  it('is unpriced in its row, never $0, and the total says that it leaves it out', () => {
    const text = render(
      storeOf({ responses: [sampleResponse('1', { ...UNPRICED, model: 'new' }), sampleResponse('2')] }),
    );
    expect(lineOf(text, 'new')).toContain('unpriced');
    expect(lineOf(text, 'total')).toContain('$0.0026+');
    expect(text).toContain('+ no price is known for new (1 response)');
    expect(text).not.toContain('$0.0000');
  });

  it.each([
    ['unpriced', UNPRICED],
    ['$0.0000', { costNanoUsd: 0 }],
  ])('makes the total unpriced when there is no other, which a price of zero does not: %s', (total, price) => {
    expect(lineOf(render(storeOf({ responses: [sampleResponse('1', price)] })), 'total')).toContain(total);
  });

  it('keeps decimals below decimals', () => {
    const mixed = { responses: [sampleResponse('1', UNPRICED), sampleResponse('2')] };
    const lines = render(storeOf(mixed, { responses: [sampleResponse('3')] })).split('\n');
    const columns = lines.flatMap((line) => (line.includes('$') ? line.indexOf('$') : []));
    expect(new Set(columns).size).toBe(1);
  });
});

describe('notes', () => {
  const fallback = (reason: string, figures: Note['figures'] = {}): Note => ({ kind: 'fallback', reason, figures });

  it.each([
    [{ source: 'parsed', input: 12_345 }, 'source parsed, input 12,345'],
    [{ limitUsd: 0.03, spentUsd: 0.034512 }, 'limit $0.0300, spent $0.0345'],
    [{ limitTokens: 1000, unpricedResponses: 2 }, 'limit 1,000 tokens, unpriced responses 2'],
    [{ countedInput: 12_345, file: 'rollout.jsonl' }, 'counted input 12,345, file rollout.jsonl'],
  ] as [Note['figures'], string][])('follow the table, with their invocation and the figures %j', (figures, words) => {
    const text = render(storeOf({ notes: [fallback('why', figures)] }));
    expect(text).toContain(`\n1 note\n  fallback, builder 1: why (${words})\n`);
  });

  it('of the same kind and reason are one line, counted', () => {
    const store = storeOf(...[0, 1, 2].map((index) => ({ notes: [fallback('no session file', { index })] })));
    expect(render(store)).toContain('  fallback, builder 1: no session file (index 0), and 2 more like it\n');
    expect(render(store, { notes: 'all' })).toContain('  fallback, builder 3: no session file (index 2)\n');
  });

  it('are limited, and it is said how to see all', () => {
    const store = storeOf({ notes: Array.from({ length: 12 }, (_, index) => fallback(`reason ${index}`)) });
    const brief = render(store);
    expect(brief).toContain('12 notes (--notes shows all in full)\n');
    expect(brief.match(/fallback,/g)).toHaveLength(5);
    expect(render(store, { notes: 'all' }).match(/fallback,/g)).toHaveLength(12);
  });
});

describe('the width', () => {
  it.each([60, 80, 100, 120, 160, 200])('of %i columns is enough for every line', (width) => {
    const responses = [
      sampleResponse('1', { model: 'openrouter/some-vendor/a-model-with-a-long-name', usage: { input: 123_456_789 } }),
      sampleResponse('2', { ...UNPRICED, model: 'モデル', usage: { cacheWrite: 5 } }),
      sampleResponse('3', { source: 'parsed', evidence: 'text' }),
    ];
    const reason = 'a reason that goes on and on '.repeat(8);
    const notes: Note[] = [{ kind: 'fallback', reason, figures: { source: 'parsed' } }];
    const store = storeOf({ update: CUT, responses, notes });
    for (const detail of ['models', 'responses'] as const) {
      const widths = render(store, { width, detail }).split('\n').map(measureWidth);
      expect(Math.max(...widths)).toBeLessThanOrEqual(width);
    }
  });

  it('of 60 columns keeps what went in and out before the model, every outcome whole, and says what it leaves out', () => {
    const usage = { input: 123_456, output: 20_000 };
    const text = render(storeOf({ update: CUT, responses: [sampleResponse('1', { usage })] }), { width: 60 });
    expect(lineOf(text, 'Iter')).toMatch(/Iter +Phase .*Input .*Output +Cost +Outcome$/);
    expect(lineOf(text, 'interrupted')).toMatch(/ 123k .* 20k +\$0\.2835 +interrupted$/);
    expect(lineOf(text, 'total')).toMatch(/\$0\.2835 +0 of 1$/);
    expect(text).toContain('Left out for lack of width: ');
  });

  it('that has no room for models has no rows that tell them apart', () => {
    const store = storeOf({ update: CUT, responses: [sampleResponse('1'), sampleResponse('2', { model: 'mini' })] });
    expect(render(store)).toContain('└ mini');
    expect(render(store, { width: 40 })).not.toContain('1 response');
  });

  it('does not matter to the compact table, which leaves the same columns out everywhere', () => {
    const text = render(storeOf(ONE), { extent: 'compact' });
    expect(lineOf(text, 'Iter').split(/ +/)).toEqual(['Iter', 'Phase', 'Model', 'Input', 'Output', 'Cost', 'Outcome']);
    expect(text).not.toContain('Left out');
  });
});
