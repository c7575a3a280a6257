import { describe, expect, test } from 'vitest';
import type { Attribution } from '../../src/usage/record.js';
import { createMirrors } from './mirrors.js';
import { START, sampleInvocation, sampleResponse } from './samples.js';

const END = START + 5000;
const DAY = { runId: '2026-03-04', origins: { ...sampleInvocation('x').attribution.origins, run: 'default' } } as const;
const at = (ms: number) => new Date(ms).toISOString();

interface Facts {
  readonly endedAtMs?: number;
  readonly models?: readonly string[];
  readonly attribution?: Partial<Attribution>;
}

function setUp() {
  const mirrors = createMirrors({ projects: ['shop'], runs: ['nightly-7', 'nightly-8'] });
  const { store, mirrorAgain } = mirrors;
  return {
    ...mirrors,
    /** Records what has ended, and has it mirrored. */
    end(id: string, { endedAtMs = END, models = ['gpt-5.3-codex'], attribution = {} }: Facts = {}) {
      const responses = models.map((model) => sampleResponse(`${id} ${model}`, { model, threadId: id }));
      const update = { status: 'completed', endedAtMs } as const;
      store.record({ invocation: sampleInvocation(id, { attribution }), update, responses });
      mirrorAgain([id]);
    },
    /** The estimate that each invocation has replaced, or null. */
    replaced: () => {
      const rows = store.connection.prepare('SELECT invocation_id, estimate_id FROM mirrored ORDER BY 1').raw().all();
      return Object.fromEntries(rows as [string, string | null][]);
    },
  };
}

describe('the other program’s own row for an invocation', () => {
  test('becomes ours, and what stood there is kept; its further columns stay', () => {
    const { center, store, end } = setUp();
    center.estimate({ id: 'guess', created_at: at(END + 40) });
    end('a');
    expect(center.rows()).toMatchObject([
      { id: 'a/gpt-5.3-codex/actual', run_id: 'nightly-7', is_actual: 1, input_tokens: 1000, tags: '["theirs"]' },
    ]);
    const estimate = store.connection.prepare<[], string>('SELECT estimate FROM mirrored').pluck().get() ?? '';
    expect(JSON.parse(estimate)).toMatchObject({ id: "'guess'", input_tokens: '1330', total_cost_usd: '0.02535' });
  });

  test('is found by a later command when it comes after the record', () => {
    const { center, end, mirrorAgain, ids } = setUp();
    end('a');
    center.estimate({ id: 'guess', created_at: at(END + 4000) });
    mirrorAgain(['a']);
    expect(ids()).toEqual(['a/gpt-5.3-codex/actual']);
  });

  test('gives its run to a record that has none', () => {
    const { center, end, mirrorAgain } = setUp();
    const attribution = { ...DAY, phase: 'handoff' } as const;
    end('a', { attribution });
    expect(center.rows()).toMatchObject([{ run_id: null }]);
    center.estimate({ id: 'guess', category: 'handoff', created_at: at(END + 40) });
    mirrorAgain(['a']);
    expect(center.rows()).toMatchObject([{ id: 'a/gpt-5.3-codex/actual', run_id: 'nightly-7' }]);
    mirrorAgain(['a']);
    expect(center.rows()).toMatchObject([{ run_id: 'nightly-7' }]);
  });

  test('gives way to one of the rows of an invocation of several models, and the others stand beside it', () => {
    const { center, end } = setUp();
    center.estimate({ id: 'guess', model: 'gpt-5.6-sol', created_at: at(END + 40) });
    end('a', { models: ['gpt-5.3-codex', 'gpt-5.6-sol'] });
    expect(center.rows().map(({ id, tags }) => [id, tags])).toEqual([
      ['a/gpt-5.3-codex/actual', '[]'],
      ['a/gpt-5.6-sol/actual', '["theirs"]'],
    ]);
  });

  test.for([
    ['is certain', { is_actual: 1 }],
    ['is of another run', { run_id: 'nightly-8' }],
    ['is of another category', { category: 'reviewer' }],
    ['was written before the end', { created_at: at(END - 2500) }],
    ['was written long after the end', { created_at: at(END + 31_000) }],
    ['is of another vendor’s CLI', { model: 'claude-opus-4-6' }],
    ['is a record of another codex-metered', { id: 'b/gpt-5.3-codex/estimated' }],
  ] as const)('is none that %s', ([, values]) => {
    const { center, end, ids } = setUp();
    center.estimate({ id: 'guess', created_at: at(END + 40), ...values });
    end('a');
    expect(ids()).toHaveLength(2);
    expect(ids()).toContain('id' in values ? values.id : 'guess');
  });

  test('may be dated to the second, as SQLite dates it', () => {
    const { center, end, ids } = setUp();
    center.estimate({ id: 'guess', created_at: at(END).slice(0, 19).replace('T', ' ') });
    end('a', { endedAtMs: END + 900 });
    expect(ids()).toEqual(['a/gpt-5.3-codex/actual']);
  });

  test('is kept beside ours where that is wanted', () => {
    const { center, store, end, mirrorAgain, ids } = setUp();
    center.estimate({ id: 'guess', created_at: at(END + 40) });
    const update = { status: 'completed', endedAtMs: END } as const;
    store.record({ invocation: sampleInvocation('a'), update, responses: [sampleResponse('1')] });
    mirrorAgain(['a'], 'keep');
    expect(ids().toSorted()).toEqual(['a/gpt-5.3-codex/actual', 'guess']);
    end('b', { endedAtMs: END + 60_000 });
    expect(ids()).toContain('guess');
  });

  test('stays where nothing is recorded of the invocation', () => {
    const { center, end, ids } = setUp();
    center.estimate({ id: 'guess', created_at: at(END + 40) });
    end('a', { models: [] });
    expect(ids()).toEqual(['guess']);
  });
});

describe('of two invocations at once', () => {
  test('each takes its own row, whoever looks first', () => {
    const { center, end, mirrorAgain, replaced } = setUp();
    end('a');
    end('b', { endedAtMs: END + 1000 });
    center.estimate({ id: 'of a', created_at: at(END + 40) });
    mirrorAgain(['b']);
    expect(replaced()).toEqual({ a: null, b: null });
    center.estimate({ id: 'of b', created_at: at(END + 1040) });
    mirrorAgain(['b', 'a']);
    expect(replaced()).toEqual({ a: 'of a', b: 'of b' });
  });

  test('one that knows its run goes before one that knows only its project', () => {
    const { center, end, mirrorAgain, replaced } = setUp();
    end('a', { endedAtMs: END - 500 });
    end('b', { attribution: DAY });
    center.estimate({ id: 'guess', created_at: at(END + 40) });
    mirrorAgain(['b', 'a']);
    expect(replaced()).toEqual({ a: 'guess', b: null });
  });

  test('no row is taken for both: each sum counts once', () => {
    const { center, end, mirrorAgain, ids } = setUp();
    for (const id of ['a', 'b', 'c']) end(id, { attribution: DAY });
    for (const id of ['1', '2', '3']) center.estimate({ id, run_id: null, created_at: at(END + Number(id)) });
    mirrorAgain(['a', 'b', 'c']);
    mirrorAgain(['c', 'b', 'a']);
    expect(ids().toSorted()).toEqual(['a', 'b', 'c'].map((id) => `${id}/gpt-5.3-codex/actual`));
  });
});

describe('a kill between our database and the other program’s', () => {
  test('neither loses the estimate nor counts twice', () => {
    const { center, end, mirrorAgain, ids, replaced } = setUp();
    center.estimate({ id: 'guess', created_at: at(END + 40) });
    // What is written to the table is refused, after our own database has been told: as a kill leaves it.
    const abort = "BEGIN SELECT RAISE(ABORT, 'as if killed'); END";
    center.connection.exec(`CREATE TRIGGER kill BEFORE UPDATE ON cost_records ${abort}`);
    end('a');
    expect([ids(), replaced()]).toEqual([['guess'], { a: 'guess' }]);
    end('b', { endedAtMs: END + 10 });
    expect(ids()).toContain('guess');
    center.connection.exec('DROP TRIGGER kill');
    mirrorAgain(['b', 'a']);
    expect(ids().toSorted()).toEqual(['a/gpt-5.3-codex/actual', 'b/gpt-5.3-codex/actual']);
    expect(replaced()).toEqual({ a: 'guess', b: null });
  });
});

describe('a database that was restored from a backup', () => {
  test('is given what it had, once, and what came back in the place of ours is replaced again', () => {
    const { center, store, end, mirrorAgain, ids } = setUp();
    end('old', { endedAtMs: END - 600_000 });
    center.estimate({ id: 'guess', created_at: at(END + 40) });
    const backup = center.rows();
    end('a');
    end('b', { endedAtMs: END + 60_000 });
    center.connection.exec('DELETE FROM cost_records');
    for (const row of backup) center.estimate(row);
    // What was written a moment ago is not missed.
    mirrorAgain([]);
    expect(ids()).toHaveLength(2);
    store.connection.exec('UPDATE mirrored SET changed_at_ms = changed_at_ms - 3600000');
    mirrorAgain([]);
    const all = ['a', 'b', 'old'].map((id) => `${id}/gpt-5.3-codex/actual`);
    expect(ids().toSorted()).toEqual(all);
  });

  test('is not given back what it deleted with a project', () => {
    const { center, store, end, mirrorAgain, ids } = setUp();
    end('a');
    store.connection.exec('UPDATE mirrored SET changed_at_ms = changed_at_ms - 3600000');
    center.connection.exec('DELETE FROM cost_records; DELETE FROM runs; DELETE FROM projects');
    mirrorAgain([]);
    expect(ids()).toEqual([]);
  });
});
