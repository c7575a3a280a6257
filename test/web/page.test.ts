import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { keepPending } from '../../src/store/pending.js';
import { measureCell } from '../../src/web/page/charts/calendar.js';
import { STORY } from '../demo/story.js';
import { launchBrowser, NO_BROWSER } from '../harness/browser.js';
import { runUsage } from '../harness/codex-usage.js';
import { type Answered, serveDashboard } from '../harness/dashboard.js';
import { seedLongLoop, seedLoops } from '../harness/loops.js';
import { seedMonths } from '../harness/months.js';
import { MISSED_NANO_USD, reviewInOneThread } from '../harness/planted-causes.js';
import { waitFor } from '../harness/wait.js';
import { openWorkbench, USAGE, type Workbench } from '../harness/workbench.js';
import { createFolder, sampleInvocation } from '../store/samples.js';

const LATE = 'Arrive while somebody looks.';
const VIEWS = [
  '/',
  '/?period=weekly&provider=claude',
  '/?period=monthly&last=all',
  '/?since=2020-01-01&until=2020-02-01',
  '/runs',
  '/run?id=demo',
  '/run?id=checkout-refactor&project=shop',
  '/compare?a=demo&b=nightly-42',
  '/sessions',
  '/health',
];

describe.skipIf(NO_BROWSER)(`the page in a browser${NO_BROWSER ? `, which ${NO_BROWSER}` : ''}`, () => {
  let browser: Browser;
  let bench: Workbench;
  let longFolder: string | undefined;
  let server: { readonly url: string; stop(): Promise<void> };
  let longRun: { readonly url: string; stop(): Promise<void> };

  beforeAll(async () => {
    browser = await launchBrowser();
    bench = await openWorkbench(...STORY.map(({ prompt, replies }) => ({ prompt, replies: [...replies] })), {
      prompt: LATE,
      replies: [{ message: 'Here.', usage: { input: 4321, cached: 321, output: 99 } }],
    });
    for (const { phase, iteration, prompt } of STORY) {
      const answer = join(bench.folder, 'demo', phase, `iter-${iteration}`, 'result.json');
      await mkdir(dirname(answer), { recursive: true });
      await bench.run(['exec', '--json', '--output-last-message', answer, '-'], { stdin: prompt });
    }
    seedMonths(bench.database, { untilMs: Date.now(), days: 120, sessionsPerDay: 4 });
    seedLoops(bench.database, { nowMs: Date.now() });
    server = await startServer(bench.env);
    longFolder = await mkdtemp(join(tmpdir(), 'codex-metered-test-'));
    const database = join(longFolder, 'long.db');
    seedLongLoop(database, { nowMs: Date.now(), iterations: 200, running: { pid: process.pid, forMs: 200 } });
    longRun = await startServer({ ...bench.env, CODEX_METERED_DB: database });
  }, 180_000);

  afterAll(async () => {
    await server?.stop();
    await longRun?.stop();
    if (longFolder) await rm(longFolder, { recursive: true, force: true });
    await browser?.close();
    await bench?.close();
  });

  it.each([
    ['/', ['daily', '--last', '30']],
    ['/?provider=claude&period=weekly', ['weekly', '--last', '26', '--provider', 'claude']],
    [
      '/?provider=codex&period=monthly&last=3&project=shop',
      ['monthly', '--last', '3', '--provider', 'codex', '--project', 'shop'],
    ],
  ])('shows at %s what codex-usage %j prints', async (path, args) => {
    const page = await open(path);
    await expectUsage(page, await print(args));
  });

  it('filters figures, bars and rates together, by the keyboard and in its address', async () => {
    const page = await open('/');
    await expectUsage(page, await print(['daily', '--last', '30']));
    await page.getByRole('radio', { name: 'All', exact: true }).focus();
    await page.keyboard.press('ArrowRight');
    await page.waitForURL(/provider=codex/);
    await expectUsage(page, await print(['daily', '--last', '30', '--provider', 'codex']));
    await page.getByRole('radio', { name: 'Weekly' }).check();
    await page.waitForURL(/period=weekly/);
    await expectUsage(page, await print(['weekly', '--last', '26', '--provider', 'codex']));
    await page.goBack();
    await expectUsage(page, await print(['daily', '--last', '30', '--provider', 'codex']));
    expect(await page.getByRole('radio', { name: 'Codex' }).isChecked()).toBe(true);
  }, 120_000);

  it('shows the days that are asked for', async () => {
    const page = await open('/');
    await page.getByLabel('Days').selectOption('7');
    await expectUsage(page, await print(['daily', '--last', '7']));
    await page.goto('/?since=2026-01-01');
    await expectUsage(page, await print(['daily', '--since', '2026-01-01']));
  });

  it('shows a metered run iteration by iteration, and each row opens into builder and reviewer, as codex-usage prints them', async () => {
    const page = await open('/run?id=demo');
    const printed = await print(['run', 'demo']);
    const invocations = printed.invocations as Answered[];
    const rows = page.getByRole('region', { name: 'run demo iterations' }).locator('tr[data-key]');
    await rows.first().waitFor();
    expect(await rows.count()).toBe(new Set(invocations.map(({ iteration }) => iteration)).size);
    const [builder, reviewer] = invocations.filter(({ iteration }) => iteration === 2);
    const values = await valuesOf(rows.nth(1));
    expect(values.slice(0, 2)).toEqual([builder?.costUsd, reviewer?.costUsd]);
    expect(values[2]).toBeCloseTo(Number(builder?.costUsd) + Number(reviewer?.costUsd), 9);
    expect(await page.getByRole('article').count()).toBe(0);
    await rows.nth(1).getByRole('button', { name: '2' }).press('Enter');
    const articles = page.getByRole('article');
    await articles.nth(1).waitFor();
    for (const [index, one] of [builder, reviewer].entries()) {
      const card = await valuesOf(articles.nth(index));
      expect(card.slice(0, 2)).toEqual([one?.costUsd, one?.inputTokens]);
      expect(card.at(-1)).toBe(one?.outputTokens);
      expect(await articles.nth(index).textContent()).toMatch(/actual.*completed.*session file/);
    }
    const [left, right] = await Promise.all([articles.nth(0).boundingBox(), articles.nth(1).boundingBox()]);
    expect(left?.y).toBe(right?.y);
    expect((right?.x ?? 0) > (left?.x ?? 0)).toBe(true);
    expect(await page.locator('main').textContent()).not.toContain('usage_record');
  });

  it('answers with one click why the third review cost that, and what to change, as codex-usage why does', async () => {
    await reviewInOneThread(bench);
    const page = await open('/runs');
    await page.locator('tr[data-key$="/loop"]').getByTitle('Why it cost that').click();
    await page.waitForURL(/run\?id=loop&.*why=all/);
    const panel = page.locator('.why');
    await panel.getByText(String((await print(['why', 'loop', '--no-import'])).nextStep)).waitFor();
    const whole = await panel.getByRole('listitem').first().textContent();
    expect(whole).toMatch(/^\$0\.0399 reviewer 3 gpt-5\.3-codex.*22K in \(0 cached\)/);
    expect(whole).toContain('the response before had sent 21,000 tokens of it, 0 were read from the cache');

    await page.goto('/run?id=loop');
    await page.locator('tr[data-key="3"]').getByTitle('Why it cost that').first().click();
    await page.getByRole('heading', { name: 'Why reviewer 3 cost that' }).waitFor();
    const printed = await print(['why', 'loop/reviewer/3', '--no-import']);
    await panel.getByText(String(printed.nextStep)).waitFor();
    const parts = panel.getByRole('region', { name: 'why loop reviewer 3 parts' });
    const rows = (printed.parts as Answered[]).filter(({ costNanoUsd, medianNanoUsd }) => costNanoUsd || medianNanoUsd);
    for (const [index, { name, costNanoUsd, medianNanoUsd, tokens }] of rows.entries()) {
      const row = parts.locator('tbody tr').nth(index);
      expect(await row.locator('th').textContent()).toBe(name);
      expect(await valuesOf(row)).toEqual([Number(costNanoUsd) / 1e9, Number(medianNanoUsd) / 1e9, tokens]);
    }
    expect((await valuesOf(parts.locator('tfoot')))[0]).toBe(Number(printed.totalNanoUsd) / 1e9);
    expect(await valuesOf(panel.getByRole('row', { name: /^cache misses/ }))).toContain(MISSED_NANO_USD / 1e9);
    await expect.poll(async () => (await panel.boundingBox())?.y ?? -1).toBeGreaterThanOrEqual(54);
    await panel.getByRole('button', { name: 'All of the run' }).click();
    await panel.getByRole('link', { name: 'reviewer 3' }).waitFor();
  }, 60_000);

  it('leads from the builder of one iteration, and from a session, to why it cost that', async () => {
    const page = await open('/run?id=demo');
    await page.locator('tr[data-key="2"]').getByTitle('Why it cost that').first().click();
    await page.getByRole('heading', { name: 'Why builder 2 cost that' }).waitFor();
    const { totalNanoUsd } = await print(['why', 'demo/builder/2', '--no-import']);
    const total = page.getByRole('region', { name: /builder 2 parts$/ }).locator('tfoot');
    expect((await valuesOf(total))[0]).toBe(Number(totalNanoUsd) / 1e9);
    await page.goto('/sessions');
    await page.getByRole('region', { name: 'Sessions' }).getByTitle('Why it cost that').first().click();
    await page.waitForURL(/session\?id=[^&]+&why=all/);
    await page.getByText('Next step:').waitFor();
  });

  it('does not explain a run that goes on before it is asked', async () => {
    const page = await open('/run?id=marathon', {}, longRun.url);
    await page.getByRole('button', { name: 'Explain the run so far' }).click();
    await page.getByText('Next step:').waitFor();
  });

  it('folds sub-agents into what started them', async () => {
    const page = await open('/run?id=nightly-42&project=shop');
    await page.getByRole('button', { name: '2', exact: true }).click();
    const summary = page.getByText(/2 sub-agents, \d+% of its cost/).first();
    await summary.click();
    await expect.poll(() => page.locator('.sub-agents[open] li').count()).toBe(2);
  });

  it.each([360, 1400])('keeps a run of 200 iterations short and readable at %d px', async (width) => {
    const page = await openAt(width, '/run?id=marathon', longRun.url);
    const chart = page.locator('.chart').first();
    await chart.locator('canvas').waitFor();
    expect(await page.evaluate('document.documentElement.scrollHeight')).toBeLessThan(4000);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    await page.getByText(/Budget of the run/).waitFor();
    expect(await page.locator('.running').textContent()).toMatch(/\$\d+\.\d\d of \$40\.00.*At this pace the budget/);
    const total = page.locator('tr[data-key="200"] td').nth(2);
    const box = await total.boundingBox();
    expect((box?.x ?? 0) + (box?.width ?? width)).toBeLessThanOrEqual(width);
    // The bar of an early iteration leads to its row, which is not among the newest.
    expect(await page.locator('tr[data-key="23"]').count()).toBe(0);
    const drawn = await chart.boundingBox();
    const plot = { left: 44, right: 12 };
    const x = plot.left + (((drawn?.width ?? 0) - plot.left - plot.right) * 22.5) / 200;
    await chart.click({ position: { x, y: 150 } });
    await page.locator('tr.details article').first().waitFor();
    const opened = Number(await page.locator('tr:has([aria-expanded="true"])').first().getAttribute('data-key'));
    expect(Math.abs(opened - 23)).toBeLessThan(12);
  });

  it('shows a session that is known from its file alone, as codex-usage session prints it', async () => {
    const { sessions } = await ask<{ sessions: Answered[] }>('/api/sessions?last=20');
    const past = sessions.find(({ invocationCount }) => invocationCount === 0);
    const id = String(past?.threadId);
    const page = await open('/sessions');
    await page.locator(`a[href$="${id}"]`).click();
    await page.waitForURL(new RegExp(`/session\\?id=${id}`));
    const printed = await print(['session', id]);
    const row = page.getByRole('region', { name: 'Threads' }).locator('tbody tr');
    await row.waitFor();
    const [thread] = printed.unmetered as Answered[];
    expect(await valuesOf(row)).toEqual(figuresOf(thread as Answered));
    const { costUsd, inputTokens, outputTokens } = printed.totals as Answered;
    const stats = await valuesOf(page.locator('.stats'));
    expect([stats[0], stats[1], stats.at(-1)]).toEqual([costUsd, inputTokens, outputTokens]);
    await page.locator('.chart canvas').waitFor();
    expect(await page.getByText('Every invocation').count()).toBe(0);
    await page.setViewportSize({ width: 360, height: 800 });
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(360);
  });

  it('compares two runs that were chosen', async () => {
    const page = await open('/runs');
    await page.getByLabel('Compare nightly-41').check();
    expect(await page.getByRole('button', { name: /Compare/ }).isDisabled()).toBe(true);
    await page.getByLabel('Compare nightly-42').check();
    await page.getByRole('button', { name: 'Compare (2 of 2)' }).click();
    await page.waitForURL(/compare\?a=nightly-41&aProject=shop&b=nightly-42/);
    const [a, b] = await Promise.all(['nightly-41', 'nightly-42'].map((id) => print(['run', id, '--project', 'shop'])));
    const row = page.getByRole('row', { name: /^Cost / }).first();
    await row.waitFor();
    expect(await valuesOf(row)).toEqual([a, b].map((run) => (run as unknown as { totals: Answered }).totals.costUsd));
  });

  it('shows a run that arrives while somebody looks', async () => {
    const page = await open('/runs');
    await page.getByRole('link', { name: 'nightly-43' }).first().waitFor();
    await bench.run(['exec', '--skip-git-repo-check', LATE], { meter: ['--meter-run-id', 'late-1'] });
    await page.getByRole('link', { name: 'late-1' }).last().click();
    await page.waitForURL(/run\?id=late-1/);
    const figures = page.locator('.stats');
    await figures.waitFor();
    expect(await valuesOf(figures)).toContain(4321);
    await bench.run(['exec', '--skip-git-repo-check', LATE], { meter: ['--meter-run-id', 'late-1'] });
    await expect.poll(() => valuesOf(figures), { timeout: 30_000 }).toContain(8642);
  }, 120_000);

  it('shows what runs now', async () => {
    const page = await open('/');
    const item = page.getByRole('listitem').filter({ hasText: 'running' }).filter({ hasText: 'nightly-43' });
    await item.waitFor();
    const [last] = ((await print(['run', 'nightly-43'])).invocations as Answered[]).slice(-1);
    expect((await valuesOf(item))[0]).toBe(last?.costUsd);
    await item.getByRole('link', { name: 'nightly-43' }).click();
    await page.waitForURL(/run\?id=nightly-43/);
  });

  it('saves what it shows as CSV, with exact numbers', async () => {
    const page = await open('/?period=monthly&provider=codex');
    const printed = await print(['monthly', '--last', '12', '--provider', 'codex']);
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.locator('.panel').filter({ hasText: 'Month by month, in numbers' }).getByText('Download CSV').click(),
    ]);
    expect(download.suggestedFilename()).toBe('usage-monthly.csv');
    const [head = '', ...lines] = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n');
    expect(head.split(',').slice(0, 2)).toEqual(['Month', 'Cost USD']);
    const costs = lines.map((line) => line.split(',').slice(0, 2));
    const entries = (printed.monthly as Answered[]).map(({ month, costUsd }) => [month, String(costUsd)]);
    expect(costs).toEqual(entries.reverse());
  });

  it.each([
    ['project', 'project', 'projectId'],
    ['phase', 'phase', 'phase'],
    ['model', 'model', 'model'],
  ])('ranks what it cost by %s as codex-usage %s does, and leads to what is behind it', async (by, command, key) => {
    const page = await open('/');
    await page.getByRole('radio', { name: by, exact: false }).check();
    const rows = page.getByRole('region', { name: `cost by ${by}` }).locator('tbody tr');
    const printed = (await print([command, '--last', '30']))[`${by}s`] as Answered[];
    await expect.poll(() => rows.count()).toBeGreaterThanOrEqual(printed.length);
    for (const [index, entry] of printed.entries()) {
      if (entry.costUsd !== null) expect((await valuesOf(rows.nth(index)))[0]).toBe(entry.costUsd);
      expect(await rows.nth(index).locator('th').textContent()).toBe(entry[key]);
    }
    await rows.first().getByRole('link').click();
    await page.waitForURL(new RegExp(`${by}=${printed[0]?.[key]}`));
    await page.locator('table').first().waitFor();
  });

  it('shows today against its budget and yesterday, and the budgets of the week and the month', async () => {
    const page = await open('/', {}, longRun.url);
    type Usage = { budgets: Answered[]; groups: { today: { totals: Answered } }[] };
    const { budgets, groups } = await ask<Usage>('/api/usage', longRun.url);
    const tile = (name: string) => page.locator('.stat').filter({ hasText: name });
    const today = tile('Today').first();
    await today.getByText('of $60.00').waitFor();
    expect(await today.textContent()).toContain('Yesterday');
    expect((await valuesOf(today))[0]).toBe(groups[0]?.today.totals.costUsd);
    const bars = tile('Budget of the week and the month').getByRole('progressbar');
    const values = await Promise.all((await bars.all()).map(async (bar) => Number(await bar.getAttribute('value'))));
    const shares = budgets.map(({ spent, amount }) => Number(spent) / Number(amount));
    expect(values).toEqual(shares.slice(1).map((share) => Math.min(1, share)));
    expect(await tile('Budget of the week').textContent()).toMatch(/of \$150\.00.*of \$500\.00/);
  });

  it('leads from a bar and from a day of the calendar to the sessions of that day', async () => {
    for (const at of ['Day by day', 'Calendar']) {
      const page = await open('/');
      const chart = page.locator('.chart').filter({ has: page.getByRole('img', { name: new RegExp(`^${at}`) }) });
      await chart.locator('canvas').waitFor();
      const { width = 0, height = 0 } = (await chart.boundingBox()) ?? {};
      await chart.click({
        position: at === 'Calendar' ? { x: 150, y: 22 + 2.5 * measureCell(width) } : { x: width - 14, y: height / 2 },
      });
      await page.waitForURL(/sessions\?.*since=(\d{4}-\d\d-\d\d)&until=\1$/);
      await page.locator('.answer').waitFor();
    }
  });

  it('tells in a tooltip what a day of the calendar cost', async () => {
    const page = await open('/');
    const chart = page.locator('.chart').filter({ has: page.getByRole('img', { name: /^Calendar/ }) });
    await chart.locator('canvas').waitFor();
    const { width = 0 } = (await chart.boundingBox()) ?? {};
    const { calendar } = await ask<{ calendar: Answered[] }>('/api/usage');
    // The Wednesday of the week before the last: the last one may not have come yet.
    const tip = chart.locator('.tip');
    let moves = 0;
    const point = async () => {
      // A chart that is drawn anew under the pointer shows nothing until that moves.
      await chart.hover({ position: { x: measureWeek(width, 2) + (moves++ % 2), y: 22 + 2.5 * measureCell(width) } });
      return tip.textContent();
    };
    await expect.poll(point).toMatch(/^Wednesday, /);
    const [day = '', ...lines] = String(await tip.textContent()).split('\n');
    const date = new Date(`${day} UTC`).toISOString().slice(0, 10);
    const ofDay = calendar.filter((one) => one.date === date);
    const shown = ofDay.map(({ costUsd }) => `$${Number(costUsd).toFixed(Number(costUsd) < 1 ? 4 : 2)}`);
    expect(lines.map((line) => line.split('  ')[1])).toEqual(shown.length === 0 ? [undefined] : shown);
    expect(await tip.isVisible()).toBe(true);
  });

  it('filters runs and sessions by days, project, model and name, in its address', async () => {
    const page = await open('/runs');
    const rows = page.getByRole('region', { name: 'Runs' }).locator('tbody tr');
    await rows.first().waitFor();
    await page.getByPlaceholder('Part of a name').fill('NIGHTLY');
    await page.waitForURL(/text=NIGHTLY/);
    await expect.poll(() => rows.locator('th').allTextContents()).toEqual(['nightly-43', 'nightly-42', 'nightly-41']);
    await page.getByLabel('Model').selectOption('gpt-6.1-sol');
    await expect.poll(() => rows.locator('th').allTextContents()).toEqual(['nightly-42']);
    await page.getByRole('link', { name: 'Sessions of the same' }).click();
    await page.waitForURL(/sessions\?.*model=gpt-6.1-sol.*text=NIGHTLY/);
    await page.getByText('Nothing is recorded for these filters').waitFor();
    await page.getByRole('button', { name: 'Clear filters' }).click();
    await page.getByText('The costliest').waitFor();
  });

  it('leads from what a branch cost to its sessions and its runs, in its address', async () => {
    const [branch = ''] = (await ask<{ branchNames: string[] }>('/api/status')).branchNames;
    const page = await open('/');
    await page.getByRole('radio', { name: 'Branch' }).check();
    await page.waitForURL(/by=branch/);
    const ranked = page.getByRole('region', { name: 'cost by branch' });
    await ranked.getByText('(none)').waitFor();
    await ranked.getByRole('link', { name: branch, exact: true }).click();
    await page.waitForURL((url) => url.pathname === '/sessions' && url.searchParams.get('branch') === branch);
    await page.getByText('The costliest').waitFor();
    expect(await page.getByLabel('Branch').inputValue()).toBe(branch);
    await page.getByRole('link', { name: 'Runs of the same' }).click();
    const rows = page.getByRole('region', { name: 'Runs' }).locator('tbody tr');
    await expect.poll(() => rows.locator('th').allTextContents()).toContain('demo');
    await page.getByLabel('Branch').selectOption('');
    await expect.poll(() => rows.count()).toBeGreaterThan(1);
  });

  it.each(['/', '/runs', '/sessions', '/run?id=demo', 'a session'])(
    'has the cost of every row in sight at %s on a telephone',
    async (path) => {
      const { sessions } = await ask<{ sessions: Answered[] }>('/api/sessions?last=1');
      const page = await openAt(360, path === 'a session' ? `/session?id=${sessions[0]?.threadId}` : path);
      await page.locator('tbody td').first().waitFor();
      const titles = page.getByRole('columnheader', { name: /^(Cost|Total)$/ });
      expect(await titles.count()).toBeGreaterThan(0);
      for (const title of await titles.all()) {
        const box = await title.boundingBox();
        expect((box?.x ?? 0) + (box?.width ?? 360)).toBeLessThanOrEqual(360);
      }
    },
  );

  it('writes all amounts of a column with the same digits, and all outcomes in line', async () => {
    const page = await open('/runs');
    const costs = page.getByRole('region', { name: 'Runs' }).locator('tbody td:nth-child(2) data');
    await costs.first().waitFor();
    const digits = (await costs.allTextContents()).map((text) => /\.(\d+)/.exec(text)?.[1]?.length);
    expect(new Set(digits).size).toBe(1);
    await page.goto('/run?id=checkout-refactor&project=shop');
    const outcomes = page.getByRole('region', { name: 'run checkout-refactor', exact: true }).locator('.outcome');
    await outcomes.first().waitFor();
    const lefts = await page.evaluate<number[]>(LEFTS_OF_WORDS);
    expect(lefts.length).toBeGreaterThan(3);
    expect(new Set(lefts).size).toBe(1);
  });

  it.each([360, 800, 1400])('leaves no hole between the tiles at %d px', async (width) => {
    const page = await openAt(width, '/');
    await page.locator('.stats').waitFor();
    const hole = await page.evaluate<number>(AREA_WITHOUT_TILES);
    // Lines between the tiles remain, of one pixel each.
    expect(hole).toBeLessThan(12 * width);
  });

  it.each(['light', 'dark'] as const)('prints dark text on white, from a page that is %s', async (colorScheme) => {
    const page = await open('/run?id=demo', { colorScheme });
    await page.locator('.chart canvas').first().waitFor();
    await page.emulateMedia({ media: 'print' });
    const shown = await page.evaluate<{ text: number; ground: number }>(BRIGHTNESS);
    expect(shown.ground).toBeCloseTo(255, 3);
    expect(shown.text).toBeLessThan(130);
    // The chart is drawn anew, and turned around, for the width of the paper.
    await expect.poll(() => page.evaluate<number>(LABEL_BRIGHTNESS)).toBeLessThan(130);
    expect(await page.getByRole('navigation').isVisible()).toBe(false);
  });

  it('compares models, shares in points, and time on an axis whose ticks differ', async () => {
    const page = await open('/compare?a=nightly-41&aProject=shop&b=nightly-42&bProject=shop');
    const cellsOf = (name: RegExp) => page.getByRole('row', { name }).first().getByRole('cell').allTextContents();
    await page.getByRole('row', { name: /^Models/ }).waitFor();
    expect((await cellsOf(/^Models/)).slice(0, 2)).toEqual(['gpt-5.3-codex', 'gpt-6.1-sol']);
    expect((await cellsOf(/^Cached share/))[2]).toMatch(/^[+−]?\d+\.\d points$/);
  });

  it('sorts by a heading', async () => {
    const page = await open('/sessions');
    const heading = page.getByRole('columnheader', { name: 'Input' });
    await heading.getByRole('button').click();
    expect(await heading.getAttribute('aria-sort')).toBe('descending');
    const column = page.locator('tbody td:nth-child(9) data');
    await column.first().waitFor();
    const counts = await valuesOf(page.locator('tbody td:nth-child(9)'));
    expect(counts).toEqual([...counts].sort((a, b) => b - a));
  });

  it('can be walked by the keyboard alone', async () => {
    const page = await open('/');
    await page.keyboard.press('Tab');
    expect(await focused(page)).toBe('Skip to the content');
    for (const text of ['codex-usage', 'Usage', 'Runs']) {
      await page.keyboard.press('Tab');
      expect(await focused(page)).toBe(text);
    }
    await page.keyboard.press('Enter');
    await page.waitForURL(/\/runs$/);
    expect(await page.getByRole('link', { name: 'Runs', exact: true }).getAttribute('aria-current')).toBe('page');
  });

  it.each(['light', 'dark'] as const)(
    'shows every view in %s without a complaint of the browser, wide and narrow',
    async (colorScheme) => {
      const complaints: string[] = [];
      const page = await openPage({ colorScheme });
      page.on('console', (message) => {
        if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
      });
      page.on('pageerror', (error) => complaints.push(error.message));
      for (const width of [1280, 360]) {
        await page.setViewportSize({ width, height: 800 });
        for (const path of VIEWS) {
          await page.goto(path);
          await page.locator('.answer').first().waitFor();
          for (const chart of await page.locator('.chart').all()) await chart.locator('canvas').waitFor();
          expect(
            await page.evaluate('document.documentElement.scrollWidth'),
            `${path} at ${width}`,
          ).toBeLessThanOrEqual(width);
        }
      }
      expect(complaints).toEqual([]);
    },
    180_000,
  );

  it('writes all numbers in the language of the page, whatever the browser speaks', async () => {
    const page = await open('/run?id=demo', { locale: 'de-DE' });
    await page.getByRole('cell', { name: '36,845' }).waitFor();
    expect(await page.locator('main').textContent()).not.toMatch(/\d,\d\d? ?[$%]|\d\.\d{3}\b(?!\d)/);
  });

  it('says what is missing, and what to do', async () => {
    const page = await open('/run?id=nobody');
    expect(await page.getByRole('alert').textContent()).toContain('There is no run nobody');
    await page.getByRole('link', { name: 'All runs' }).click();
    await page.waitForURL(/\/runs$/);
    await page.goto('/?provider=openai');
    await page.getByText('Nothing was used', { exact: true }).waitFor();
    await page.goto('/compare');
    await page.getByText('Two runs make a comparison').waitFor();
  });

  it('greets a new user', async () => {
    const { url } = await serveDashboard({ database: join(createFolder(), 'new.db') });
    const page = await openPage({}, url);
    for (const [path, greeting] of [
      ['/', 'Nothing has been recorded yet'],
      ['/runs', 'No run has been metered yet'],
      ['/sessions', 'No such session'],
      ['/health', 'Nothing to tell yet'],
    ] as const) {
      await page.goto(path);
      await page.getByText(greeting).waitFor();
    }
  });

  it('offers to import the past sessions that lie on the disk', async () => {
    let imports = 0;
    const { url, history } = await serveDashboard({
      database: join(createFolder(), 'new.db'),
      pastSessions: {
        count: async () => [
          { provider: 'codex', fileCount: 1234 },
          { provider: 'claude', fileCount: 0 },
        ],
        import: () => {
          imports++;
          history.report({ state: 'reading', filesDone: 0, filesTotal: 1234 });
        },
      },
    });
    const page = await open('/', {}, url);
    await page.getByText('1,234 past sessions lie on this disk: 1,234 of Codex.').waitFor();
    await page.getByRole('button', { name: 'Import them' }).click();
    await page.getByText('Reading past sessions: 0 of 1,234 files').waitFor();
    expect(imports).toBe(1);
  });

  it('does not call killed what ended well while its record waits beside the database', async () => {
    const folder = createFolder();
    const pending = { pendingDirectory: join(folder, 'pending'), spareDirectory: join(folder, 'spare') };
    const database = join(folder, 'usage.db');
    // A process that was never there: larger than any id that Linux gives.
    seedLoops(database, { nowMs: Date.now(), running: { pid: 2 ** 22 + 1, forMs: 200 } });
    const invocation = sampleInvocation('nightly-43-3');
    keepPending(pending, { invocation, update: { status: 'completed', exitCode: 0 } });
    const { url } = await serveDashboard({ database, pending });
    const page = await openPage({}, url);
    for (const path of ['/', '/run?id=nightly-43']) {
      await page.goto(path);
      await page.getByText('has ended: its record is taken in within a minute').first().waitFor();
      expect(await page.locator('main').textContent()).not.toContain('killed');
    }
  });

  it('tells how far past sessions are read, and when the server is gone, and keeps what it shows', async () => {
    const { url, history, close } = await serveDashboard({ database: bench.database });
    const page = await open('/runs', {}, url);
    await page.getByText('Live', { exact: true }).waitFor();
    history.report({ state: 'reading', filesDone: 12, filesTotal: 500 });
    await page.getByText('Reading past sessions: 12 of 500 files').waitFor();
    await close();
    await page.getByText('Connecting…').waitFor();
    expect(await page.getByRole('link', { name: 'nightly-42' }).isVisible()).toBe(true);
    await page.getByRole('link', { name: 'Health' }).click();
    await page.getByText('The server does not answer').waitFor();
  });

  it('shows what subscriptions return', async () => {
    const plan = { name: 'Pro', since: '2020-01-01' };
    const { url } = await serveDashboard({
      database: bench.database,
      subscriptions: [
        { provider: 'openai', usdPerMonth: 2, ...plan },
        { provider: 'anthropic', usdPerMonth: 1, ...plan },
      ],
    });
    const page = await open('/', {}, url);
    const items = page.locator('.returns').first().getByRole('listitem');
    await items.nth(2).waitFor();
    const month = new Date().toISOString().slice(0, 7);
    const spent = await print(['monthly', '--since', `${month}-01`]);
    expect((await valuesOf(items.nth(2)))[0]).toBeCloseTo(Number((spent.totals as Answered).costUsd) / 3, 6);
    expect(await items.nth(2).textContent()).toContain('Together');
  });

  it('shows credits beside the costs where the configuration asks for them, and that they are unconfirmed', async () => {
    const { url } = await serveDashboard({ database: bench.database, unit: 'credits' });
    const page = await open('/', {}, url);
    const tile = page.locator('.stat').filter({ hasText: 'Credits of a ChatGPT plan (unconfirmed)' });
    await tile.waitFor();
    const printed = await print(['daily', '--last', '30', '--unit', 'credits']);
    expect((await valuesOf(tile))[0]).toBe((printed.totals as Answered).costCredits);
    expect(await tile.locator('.stat-figure data').getAttribute('title')).toContain('Unconfirmed');
    const other = await open('/');
    await other.locator('.stat').first().waitFor();
    expect(await other.getByText('Credits of a ChatGPT plan').count()).toBe(0);
  });

  /** A page of the server at `at`, whose addresses are relative to it. */
  async function openPage(options: BrowserContextOptions = {}, at = server.url): Promise<Page> {
    const context = await browser.newContext({ locale: 'en-US', baseURL: at, ...options });
    onTestFinished(() => context.close());
    return context.newPage();
  }

  async function open(path: string, options?: BrowserContextOptions, at?: string): Promise<Page> {
    const page = await openPage(options, at);
    await page.goto(path);
    await page.locator('.answer, [role=alert]').first().waitFor();
    return page;
  }

  /** What the API of the server at `at` answers. */
  async function ask<Answer = Answered>(path: string, at = server.url): Promise<Answer> {
    return (await (await fetch(new URL(path, at))).json()) as Answer;
  }

  function openAt(width: number, path: string, at?: string): Promise<Page> {
    return open(path, { viewport: { width, height: 800 } }, at);
  }

  async function print(args: readonly string[]): Promise<Answered> {
    return JSON.parse((await runUsage([...args, '--json'], { database: bench.database })).stdout) as Answered;
  }
});

/** Expressions that the browser works out. */
const LEFTS_OF_WORDS = `[...document.querySelectorAll('[aria-label="run checkout-refactor"] .outcome')].map((one) => {
  const range = document.createRange();
  range.selectNodeContents(one.lastChild);
  return Math.round(range.getBoundingClientRect().left);
})`;
const AREA_WITHOUT_TILES = `[document.querySelector('.stats')].map((stats) => {
  const area = (of) => of.getBoundingClientRect().width * of.getBoundingClientRect().height;
  return area(stats) - [...stats.children].reduce((sum, tile) => sum + area(tile), 0);
})[0]`;
const BRIGHTNESS_OF = `((color) => {
  const [red = 0, green = 0, blue = 0] = (color.match(/[0-9.]+/g) ?? []).map(Number);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
})`;
/** Of the palest text and of what lies behind it: 255 is white. */
const BRIGHTNESS = `({
  text: Math.max(
    ...[...document.querySelectorAll('main :is(h1, p, dt, td, th, data, span)')]
      .filter((one) => one.textContent)
      .map((one) => ${BRIGHTNESS_OF}(getComputedStyle(one).color)),
  ),
  ground: ${BRIGHTNESS_OF}(getComputedStyle(document.documentElement).backgroundColor),
})`;

/** Of the labels beside the first chart's axis as they come out on paper, where a filter may turn them around. */
const LABEL_BRIGHTNESS = `[document.querySelector('.chart')].map((chart) => {
  const canvas = chart.querySelector('canvas');
  const ratio = canvas.width / canvas.clientWidth;
  const { data } = canvas.getContext('2d').getImageData(0, 50 * ratio, 28 * ratio, canvas.height - 80 * ratio);
  let [sum, count] = [0, 0];
  for (let at = 0; at < data.length; at += 4) {
    if (data[at + 3] < 200) continue;
    sum += (data[at] + data[at + 1] + data[at + 2]) / 3;
    count++;
  }
  const brightness = sum / count;
  return getComputedStyle(chart).filter.includes('invert') ? 255 - brightness : brightness;
})[0]`;

/** Where a calendar that is `width` wide has the week that is `weeks` before the last, in pixels from its left edge. */
function measureWeek(width: number, weeks: number): number {
  const cell = measureCell(width);
  const shown = Math.max(4, Math.min(53, Math.floor((width - 34) / cell)));
  return 34 + (shown - weeks - 0.5) * cell;
}

/** Holds every cost and token of the table over time, and the total, against what the command printed. */
async function expectUsage(page: Page, printed: Answered): Promise<void> {
  const entries = [...(printed[String(printed.kind)] as Answered[])].reverse();
  const panel = page.locator('.panel').filter({ has: page.getByRole('region', { name: /^usage / }) });
  const showAll = panel.getByRole('button', { name: /^Show all/ });
  const table = panel.locator('table');
  const spent = page.locator('.stat').first();
  const { costUsd } = printed.totals as Answered;
  await expect.poll(async () => (await valuesOf(spent))[0], { timeout: 30_000 }).toBe(costUsd);
  if (await showAll.isVisible()) await showAll.click();
  const rows = table.locator('tbody tr');
  expect(await rows.count()).toBe(entries.length);
  const wanted = [...entries, printed.totals as Answered].map(figuresOf);
  const shown = await Promise.all([...(await rows.all()), table.locator('tfoot tr')].map(valuesOf));
  // Where there are several providers, what each cost stands between the cost of all and the tokens.
  const tokens = (wanted[0]?.length ?? 0) - 1;
  expect(shown.map((values) => [values[0], ...values.slice(-tokens)])).toEqual(wanted);
}

/** In the order of the columns: cost, input, cached, its share, output, reasoning. */
function figuresOf(sums: Answered): number[] {
  const cachedShare = Number(sums.cachedInputTokens) / Number(sums.inputTokens ?? 1);
  const { costUsd, inputTokens, cachedInputTokens, outputTokens, reasoningTokens } = sums;
  return [costUsd, inputTokens, cachedInputTokens, cachedShare, outputTokens, reasoningTokens].map(Number);
}

/** The exact numbers behind what `part` shows. */
async function valuesOf(part: Locator): Promise<number[]> {
  return part.locator('data').evaluateAll((all) => all.map((data) => Number(data.getAttribute('value'))));
}

async function focused(page: Page): Promise<string> {
  return String(await page.evaluate('document.activeElement.textContent')).trim();
}

/** The real command, on the workbench's database. */
async function startServer(env: NodeJS.ProcessEnv): Promise<{ url: string; stop(): Promise<void> }> {
  const child = spawn(process.execPath, [USAGE, 'serve', '--port', '0', '--no-import'], {
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  let printed = '';
  child.stdout.on('data', (chunk) => {
    printed += chunk;
  });
  const ended = once(child, 'exit');
  const url = await waitFor('its address', () => /http:\S+/.exec(printed)?.[0]);
  return {
    url,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
