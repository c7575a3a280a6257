import { describe, expect, test } from 'vitest';
import { createClock } from '../../src/report/calendar.js';
import { toFigures } from '../../src/report/figures.js';
import { describeLimits } from '../../src/report/limits.js';
import type { LiveInvocation, LiveView } from '../../src/report/live.js';
import { createChangeFinder } from '../../src/report/live-changes.js';
import { renderScreen, type ScreenOptions } from '../../src/report/live-screen.js';
import { COLOURED, PLAIN } from '../../src/report/paint.js';
import { measureWidth } from '../../src/report/table.js';
import type { LiveRow } from '../../src/store/live-queries.js';
import type { RateLimit } from '../../src/usage/record.js';
import { completeUsage } from '../../src/usage/usage.js';

const NOW = Date.UTC(2026, 10, 24, 12);
const MINUTE = 60_000;

function invocation(id: string, more: Partial<LiveRow> = {}, rest: Partial<LiveInvocation> = {}): LiveInvocation {
  const row: LiveRow = {
    ...{ id, projectId: 'shop', runId: 'nightly-7', phase: 'builder', iteration: 3, command: 'exec', threadId: 't' },
    ...{ meterPid: 1, codexPid: 1, status: 'running', exitCode: null, signal: null, limits: [] },
    ...{ contextTokens: 214_100, contextWindowTokens: 258_400 },
    ...{ startedAtMs: NOW - 6 * MINUTE, endedAtMs: null, models: ['gpt-5.3-codex'], sources: ['actual'] },
    ...completeUsage({ input: 392_400, cachedInput: 340_000, output: 17_000 }),
    ...{ responses: 2, unpricedResponses: 0, costNanoUsd: 832_500_000 },
    ...more,
    modelsByCost: more.models ?? ['gpt-5.3-codex'],
  };
  const figures = toFigures(row);
  return { row, state: row.status === 'running' ? 'running' : 'ended', figures, budget: undefined, ...rest };
}

const ENDED = { status: 'failed', exitCode: 1, endedAtMs: NOW - 22 * MINUTE, startedAtMs: NOW - 24 * MINUTE } as const;
const limit = (windowMinutes: number, usedPercent: number, resetsInMs: number): RateLimit => ({
  ...{ provider: 'codex', limitId: 'codex', windowMinutes, usedPercent },
  ...{ resetsAtMs: NOW + resetsInMs, observedAtMs: NOW },
});
const LIMITS = [limit(300, 38, 137 * MINUTE), limit(10_080, 81, 80 * 60 * MINUTE)];

function view(...invocations: LiveInvocation[]): LiveView {
  const today = invocations[0]?.figures ?? invocation('none').figures;
  return { invocations, limits: describeLimits(LIMITS, NOW), spending: { today, perHourNanoUsd: 4_995_000_000 } };
}

const screen = (shown: LiveView | undefined, more: Partial<ScreenOptions> = {}) =>
  renderScreen(shown, {
    ...{ width: 140, height: undefined, paint: PLAIN, nowMs: NOW, clock: createClock('UTC') },
    ...{ order: { by: 'started', direction: 'down' }, help: 'none', notice: undefined },
    ...more,
  });

describe('the live view', () => {
  test('is a table on a wide terminal', () => {
    const budget = { limit: { scope: 'run', unit: 'usd', amount: 1e9 }, amount: 832_500_000 } as const;
    const shown = view(invocation('a', {}, { budget }), invocation('b', { ...ENDED, phase: 'reviewer', iteration: 1 }));
    expect(screen(shown, { width: 160 }).map((line) => line.trimEnd())).toEqual([
      expect.stringMatching(/^1 invocation running {2,}today \$0\.83 · \$5\.00\/h$/),
      '5h ███░░ 62% left, resets 14:17 (in 2h)   week █░░░░ 19% left, resets 2026-11-27 20:00 (in 3d)',
      '',
      'State            Project  Run        Phase       Model          Input  Cached  Output     Cost  $/min  Context    Budget                    Source     Time',
      expect.stringMatching(/^─+$/),
      'running          shop     nightly-7  builder 3   gpt-5.3-codex   392k    340k     17k  $0.8325  $0.14  ████░ 83%  ████░ 83% of $1.00 a run  actual   6m 00s',
      expect.stringMatching(/^─+$/),
      'failed (exit 1)  shop     nightly-7  reviewer 1  gpt-5.3-codex   392k    340k     17k  $0.8325  $0.42  ████░ 83%                            actual  22m ago',
    ]);
  });

  test.each([80, 100, 120, 140])('never cuts an amount off a budget at %d columns', (width) => {
    const budget = { limit: { scope: 'run', unit: 'usd', amount: 40e9 }, amount: 38e9 } as const;
    const [running] = screen(view(invocation('a', {}, { budget })), { width }).slice(-1);
    expect(running).toMatch(/█ {1,2}95%( of \$40\.00 a run)? {2}/);
    expect(running).not.toContain('…');
  });

  test('is three lines per invocation on a narrow one', () => {
    const shown = view(invocation('a'), invocation('b', { ...ENDED, models: [], responses: 0, contextTokens: null }));
    expect(screen(shown, { width: 40 })).toEqual([
      '1 running          today $0.83 · $5.00/h',
      '5h   ███░░ 62% left, resets in 2h',
      'week █░░░░ 19% left, resets in 3d',
      '',
      'nightly-7 builder 3              $0.8325',
      '  running · shop                  6m 00s',
      '  ctx 83% · 409k tokens · $0.14/min',
      'nightly-7 builder 3                    -',
      '  failed (exit 1) · shop         22m ago',
      '  no response · $0.42/min',
    ]);
  });

  test.each([40, 50, 75, 76, 80, 100, 120, 200])('keeps within %i columns, whatever names there are', (width) => {
    const long = { projectId: '宝くじ-フロントエンド-プロジェクト', runId: 'r'.repeat(60), models: ['m'.repeat(50)] };
    const shown = view(invocation('a', long), invocation('b', { ...long, ...ENDED, signal: 'SIGKILL' }));
    for (const line of screen(shown, { width, help: 'keys', height: 30 })) {
      expect(measureWidth(line), line).toBeLessThanOrEqual(width);
    }
  });

  test.each([3, 6, 8, 10, 14, 24])('keeps within %i lines and counts what it leaves out', (height) => {
    const many = view(...Array.from({ length: 30 }, (_, index) => invocation(`${index}`)));
    for (const width of [40, 120]) {
      const lines = screen(many, { height, width, help: 'keys' });
      expect(lines.length).toBe(height);
      if (height < 8) continue;
      expect(lines.at(-1)).toContain('q quit');
      const left = Number(/… and (\d+) more/.exec(lines.join('\n'))?.[1]);
      expect(lines.filter((line) => line.includes('builder 3')).length + left).toBe(30);
    }
  });

  test('says what is not certain, and what nobody knows', () => {
    const guess = invocation('a', { sources: ['estimated'], costNanoUsd: null, unpricedResponses: 2 });
    const unknown = invocation('b', { contextTokens: 5000, contextWindowTokens: null });
    const [first, second] = screen(view(guess, unknown)).slice(-2);
    expect(first).toMatch(/~392k +~340k +~17k +unpriced +- /);
    expect(second).toMatch(/ 5k +actual/);
  });

  test('colours what needs a look, and nothing without colours', () => {
    const killed = invocation('a', {}, { state: 'killed' });
    const text = (paint: ScreenOptions['paint']) => screen(view(killed), { paint }).join('\n');
    expect(text(COLOURED)).toContain('\u001b[31mkilled');
    expect(text(PLAIN)).not.toContain('\u001b');
  });

  test('lets no control sequence of a name through', () => {
    const evil = invocation('a', { projectId: '\u001b[2Jshop\n', runId: '\u001b]0;x\u0007r', models: ['\u0007m'] });
    for (const width of [40, 160]) expect(screen(view(evil), { width }).join('')).not.toMatch(/\p{Cc}/u);
  });

  test('says why there is nothing to see', () => {
    const notice = 'Nothing has been metered yet.';
    expect(screen(undefined, { notice, height: 10 })).toEqual([notice]);
    expect(screen(view()).at(-1)).toBe('Nothing runs, and nothing ended lately.');
  });
});

describe('a change', () => {
  test('is what is recorded, not what time does', () => {
    const find = createChangeFinder();
    const kinds = (shown: LiveView) => find(shown).map(({ kind }) => kind);
    expect(kinds(view(invocation('a')))).toEqual(['rate-limit', 'rate-limit', 'invocation']);
    const observed = LIMITS.map((one) => ({ ...one, observedAtMs: NOW + 1 }));
    expect(kinds({ ...view(invocation('a')), limits: describeLimits(observed, NOW + 1) })).toEqual([]);
    expect(kinds(view(invocation('a', { output: 17_001 })))).toEqual(['invocation']);
    expect(kinds(view(invocation('a', { output: 17_001 }, { state: 'killed' })))).toEqual(['invocation']);
  });
});
