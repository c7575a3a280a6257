import { describe, expect, it } from 'vitest';
import { openStore } from '../../src/store/store.js';
import { runUsage } from '../harness/codex-usage.js';
import { type Answered, type Served, serveDashboard } from '../harness/dashboard.js';
import { seedLongLoop, seedLoops } from '../harness/loops.js';
import { seedMonths } from '../harness/months.js';
import { createFolder } from '../store/samples.js';

const ZONE = 'America/New_York';

describe("the API's figures", () => {
  it.each([
    ['daily', ['--last', '30'], 'last=30'],
    ['weekly', ['--last', '8', '--provider', 'claude'], 'last=8&provider=claude'],
    ['monthly', ['--project', 'shop'], 'project=shop'],
    ['daily', ['--model', 'gpt-5*', '--last', '20'], 'model=gpt-5*&last=20'],
  ])('are those of codex-usage %s %j', async (period, options, query) => {
    const { ask, print } = await serve();
    const { body } = await ask(`/api/usage?period=${period}&${query}&timezone=${ZONE}`);
    expect(groupOf(body, null).range).toEqual(await print([period, ...options, '-z', ZONE]));
  });

  it('of each provider are those of codex-usage --provider, and add up', async () => {
    const { ask, print } = await serve();
    const { body } = await ask(`/api/usage?last=40&timezone=${ZONE}`);
    for (const provider of ['codex', 'claude']) {
      const printed = await print(['daily', '--last', '40', '--provider', provider, '-z', ZONE]);
      expect(groupOf(body, provider).range).toEqual(printed);
    }
    const [all, codex, claude] = [null, 'codex', 'claude'].map((provider) => costOf(groupOf(body, provider).range));
    expect(all).toBe((codex ?? 0) + (claude ?? 0));
  });

  it.each([
    ['run', 'nightly-42'],
    ['run', 'checkout-refactor'],
  ])('of a %s are those of codex-usage: %s', async (kind, id) => {
    const { ask, print } = await serve();
    expect((await ask(`/api/${kind}?id=${id}`)).body).toEqual(await print([kind, id, '--breakdown']));
    expect((await ask('/api/runs?last=3')).body).toEqual(await print([kind, '--list', '--last', '3']));
  });

  it('of the costliest sessions hold what their responses cost, children with their parents', async () => {
    const { ask, print } = await serve();
    const sessions = (await ask('/api/sessions?last=1000')).body.sessions as Answered[];
    const total = sessions.reduce((sum, { costNanoUsd }) => sum + Number(costNanoUsd ?? 0), 0);
    const all = (await ask('/api/usage')).body;
    expect(total).toBe(costOf(groupOf(all, null).range));
    const costs = sessions.map(({ costNanoUsd }) => Number(costNanoUsd ?? -1));
    expect(costs).toEqual([...costs].sort((a, b) => b - a));
    const metered = sessions.find(({ threadCount }) => threadCount === 3);
    const printed = await print(['session', String(metered?.threadId)]);
    expect(metered).toMatchObject({ costNanoUsd: (printed.totals as Answered).costNanoUsd, invocationCount: 1 });
  });

  it('have credits where the configuration asks for them, as codex-usage --unit credits prints them', async () => {
    const { ask, print } = await serve({ unit: 'credits' });
    const { body } = await ask(`/api/usage?last=30&timezone=${ZONE}`);
    const printed = await print(['daily', '--last', '30', '-z', ZONE, '--unit', 'credits']);
    expect(groupOf(body, null).range).toEqual(printed);
    expect(printed.totals).toMatchObject({ costCredits: expect.any(Number) });
    expect(groupOf(body, 'claude').range).toMatchObject({ totals: { costCredits: null, unratedResponseCount: 0 } });
    const run = await print(['run', 'nightly-42', '--breakdown', '--unit', 'credits']);
    expect((await ask('/api/run?id=nightly-42')).body).toEqual(run);
  });

  it.each([['project'], ['phase'], ['model']])('told apart by %s are those of codex-usage %s', async (by) => {
    const { ask, print } = await serve();
    const { body } = await ask(`/api/breakdown?by=${by}&last=30&timezone=${ZONE}`);
    const printed = await print([by, '--last', '30', '-z', ZONE]);
    const rows = printed[`${by}s`] as Answered[];
    const keyOf = (row: Answered) => row[by === 'project' ? 'projectId' : by];
    const entries = body.entries as Answered[];
    expect(entries.map(({ name, costNanoUsd, inputTokens }) => [name, costNanoUsd, inputTokens])).toEqual(
      rows.map((row) => [keyOf(row), row.costNanoUsd, row.inputTokens]),
    );
  });

  it.each(['phase', 'run'])('told apart by %s add up to all of them, with what no run has caused', async (by) => {
    const { ask } = await serve();
    const { body } = await ask(`/api/breakdown?by=${by}&last=30&timezone=${ZONE}`);
    const usage = (await ask(`/api/usage?last=30&timezone=${ZONE}`)).body;
    const parts = [...(body.entries as Answered[]), body.unmetered as Answered];
    const sum = (key: string) => parts.reduce((total, part) => total + Number(part[key]), 0);
    const { totals } = groupOf(usage, null).range as unknown as { totals: Record<string, number> };
    for (const key of ['costNanoUsd', 'responseCount', 'unpricedResponseCount', 'inputTokens', 'outputTokens']) {
      expect(sum(key)).toBe(totals[key]);
    }
    expect(body.unmetered).toMatchObject({ source: 'mixed' });
  });

  it('of the period before and of yesterday are those of codex-usage for those days', async () => {
    const { ask, print } = await serve();
    const { body } = await ask(`/api/usage?last=7&timezone=${ZONE}`);
    for (const name of ['before', 'yesterday']) {
      const { since, until, totals } = body[name] as Record<string, string>;
      const days = ['--since', String(since), '--until', String(until)];
      const printed = await print(['daily', ...days, '-z', ZONE]);
      expect(printed.totals).toMatchObject(totals as unknown as object);
    }
    const [before, range] = [body.before as Answered, groupOf(body, null).range as Answered];
    expect(Date.parse(String(range.since)) - Date.parse(String(before.until))).toBe(86_400_000);
    expect((await ask('/api/usage')).body).toMatchObject({ before: null });
  });

  it('tell the budgets of a day, a week and a month under which something ran, and what is used of them', async () => {
    const database = `${createFolder()}/usage.db`;
    seedLongLoop(database, { nowMs: Date.now(), iterations: 1, running: { pid: process.pid, forMs: 200 } });
    const { ask } = await serveDashboard({ database });
    const { costUsd } = (await ask('/api/run?id=marathon')).body.totals as Answered;
    const { budgets, dayBudget } = (await ask('/api/usage')).body as { budgets?: Answered[]; dayBudget?: Answered };
    const amounts = { day: 60e9, week: 150e9, month: 500e9 };
    expect(budgets).toEqual(
      Object.entries(amounts).map(([scope, amount]) => ({
        ...{ scope, projectId: 'shop', unit: 'usd', amount, spent: expect.any(Number) },
      })),
    );
    expect(dayBudget).toEqual(budgets?.[0]);
    for (const { spent } of budgets ?? []) {
      expect(Number(spent) / 1e9).toBeLessThanOrEqual(Number(costUsd));
      expect(spent).toBeGreaterThan(0);
    }
    expect((await ask('/api/usage?project=shop')).body.budgets).toEqual(budgets);
  });

  it.each([
    ['nightly-42', '', {}],
    ['nightly-42/reviewer/2', 'phase=reviewer&iteration=2', { comparedWith: { iterationCount: 3 } }],
    ['nightly-42//2', 'iteration=2', { phase: null, iteration: 2 }],
  ])('explain what %s cost as codex-usage why does', async (selector, query, expected) => {
    const { ask, print } = await serve();
    const { body } = await ask(`/api/why?id=nightly-42&project=shop&${query}`);
    expect(body).toEqual(await print(['why', selector, '--project', 'shop', '--no-import']));
    expect(body).toMatchObject(expected);
    const missing = await ask('/api/why?id=nightly-42&phase=reviewer&iteration=99');
    expect([missing.status, missing.body.error?.message]).toEqual([404, expect.stringContaining('reviewer 1–4')]);
  });

  it('of runs and sessions are filtered by days, model, phase and text, and hold what was used of that alone', async () => {
    const { ask } = await serve();
    const listRuns = async (query: string) =>
      (await ask(`/api/runs?timezone=${ZONE}&${query}`)).body.runs as Answered[];
    const namesOf = (runs: Answered[]) => runs.map(({ runId }) => runId);
    expect(namesOf(await listRuns('text=NIGHTLY'))).toEqual(['nightly-43', 'nightly-42', 'nightly-41']);
    expect(namesOf(await listRuns('model=gpt-6*'))).toEqual(['nightly-42']);
    expect(await listRuns('since=2020-01-01&until=2020-02-01')).toEqual([]);
    const report = (await ask('/api/run?id=nightly-42')).body as unknown as { phases: Answered[]; totals: Answered };
    const builder = report.phases.find(({ phase }) => phase === 'builder');
    expect((await listRuns('text=nightly-42&phase=builder'))[0]?.costNanoUsd).toBe(builder?.costNanoUsd);
    expect((await listRuns('text=nightly-42&since=2020-01-01'))[0]?.costNanoUsd).toBe(report.totals.costNanoUsd);
    const sessions = (await ask('/api/sessions?model=claude*&text=BANK&last=1000')).body.sessions as Answered[];
    expect(sessions.length).toBeGreaterThan(0);
    for (const { projectIds, modelNames } of sessions) {
      expect(projectIds).toContain('bank-gateway');
      expect((modelNames as string[]).every((name) => name.startsWith('claude'))).toBe(true);
    }
  });

  it('of a branch and of tags are those of codex-usage --branch and --tag', async () => {
    const { ask, print, database } = await serve();
    tagEverything(database);
    const filters = [
      ['branch=main', ['--branch', 'main']],
      ['branch=main&branch=fix&tag=team%3Dpay', ['--branch', 'main', '--branch', 'fix', '--tag', 'team=pay']],
    ] as const;
    for (const [query, options] of filters) {
      const { body } = await ask(`/api/usage?${query}&last=40&timezone=${ZONE}`);
      const printed = await print(['daily', ...options, '--last', '40', '-z', ZONE]);
      expect(groupOf(body, null).range).toEqual(printed);
      const runs = await print(['run', '--list', ...options]);
      expect((await ask(`/api/runs?${query}&last=20`)).body).toEqual(runs);
      expect((runs.runs as Answered[]).length).toBeGreaterThan(0);
      const sessions = (await ask(`/api/sessions?${query}&last=1000`)).body.sessions as Answered[];
      const all = await print(['daily', ...options, '-z', ZONE]);
      expect(sessions.reduce((sum, { costNanoUsd }) => sum + Number(costNanoUsd ?? 0), 0)).toBe(costOf(all));
    }
    const { body } = await ask(`/api/breakdown?by=branch&last=40&timezone=${ZONE}`);
    const branches = (await print(['branch', '--last', '40', '-z', ZONE])).branches as Answered[];
    expect(body.entries).toMatchObject(branches.map(({ branch, costNanoUsd }) => ({ name: branch, costNanoUsd })));
    expect((await ask('/api/status')).body).toMatchObject({ branchNames: ['main', 'fix'], tags: ['team=pay'] });
    expect((await ask('/api/runs?tag=team')).status).toBe(400);
    expect((await ask('/api/runs?project=a&project=b')).status).toBe(400);
  });

  it('of no usage, and of a provider that was never used, are none, and no error', async () => {
    const { ask } = await serveDashboard({ database: `${createFolder()}/new.db` });
    const { body, status } = await ask('/api/usage');
    expect(status).toBe(200);
    expect(groupOf(body, null)).toEqual({ provider: null, range: null, today: null, month: null });
    expect((await ask('/api/runs')).body).toMatchObject({ runs: [] });
    expect((await ask('/api/sessions')).body).toMatchObject({ sessions: [] });
    expect((await ask('/api/health')).body).toMatchObject({ notes: [], unpricedModels: [], unreadableFiles: [] });
    const openai = await (await serve()).ask('/api/usage?provider=openai');
    expect(openai.status).toBe(200);
    expect(openai.body).toMatchObject({ groups: [{ range: null }, { provider: 'openai', range: null }], calendar: [] });
  });

  it('of health name what is not reported, not priced, and why', async () => {
    const { ask } = await serve();
    const { body } = await ask('/api/health');
    expect(body.unpricedModels).toContainEqual(expect.objectContaining({ model: 'gpt-7-preview', provider: 'codex' }));
    expect(body.notes).toContainEqual(
      expect.objectContaining({
        kind: 'disagreement',
        count: 1,
        runId: 'checkout-refactor',
        figures: { input: 1200, counted: 2400 },
      }),
    );
    expect(body.evidence).toContainEqual(expect.objectContaining({ source: 'estimated', evidence: 'tokenizer' }));
  });
});

/** Serves a record of two months and of some runs. `print` gives what the command prints of it. */
async function serve(options: Partial<Served> = {}) {
  const database = `${createFolder()}/usage.db`;
  const nowMs = Date.now();
  seedMonths(database, { untilMs: nowMs, days: 60, sessionsPerDay: 3 });
  seedLoops(database, { nowMs });
  const print = async (args: string[]) =>
    JSON.parse((await runUsage([...args, '--json'], { database })).stdout) as Answered;
  return { ...(await serveDashboard({ ...options, database })), database, print };
}

/** Every other invocation was on the branch main and of a team, every third session of the past on the branch fix. */
function tagEverything(path: string): void {
  const store = openStore(path, { mode: 'write', busyTimeoutMs: 5000 });
  store.connection.exec(`
    INSERT INTO invocation_tags SELECT id, 'branch', 'main', 'git' FROM invocations WHERE rowid % 2 = 0;
    INSERT INTO invocation_tags SELECT id, 'team', 'pay', 'option' FROM invocations WHERE rowid % 4 = 0;
    INSERT INTO thread_tags SELECT id, 'branch', iif(rowid % 3 = 0, 'fix', 'main'), 1 FROM threads WHERE rowid % 2 = 0;`);
  store.close();
}

interface Group {
  readonly provider: string | null;
  readonly range: Answered | null;
}

function groupOf(usage: Answered, provider: string | null): Group {
  return (usage.groups as Group[]).find((group) => group.provider === provider) as Group;
}

function costOf(report: Answered | null): number {
  return (report as unknown as { totals: { costNanoUsd: number } }).totals.costNanoUsd;
}
