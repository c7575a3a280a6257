import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { STORY } from '../demo/story.js';
import { launchBrowser, NO_BROWSER } from '../harness/browser.js';
import { runUsage } from '../harness/codex-usage.js';
import { type Answered, serveDashboard } from '../harness/dashboard.js';
import { seedLoops } from '../harness/loops.js';
import { seedMonths } from '../harness/months.js';
import { waitFor } from '../harness/wait.js';
import { openWorkbench, USAGE, type Workbench } from '../harness/workbench.js';
import { createFolder } from '../store/samples.js';

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
  let server: { readonly url: string; stop(): Promise<void> };

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
    server = await startServer(bench);
  }, 180_000);

  afterAll(async () => {
    await server?.stop();
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
  });

  it('shows the days that are asked for', async () => {
    const page = await open('/');
    await page.getByLabel('Days').selectOption('7');
    await expectUsage(page, await print(['daily', '--last', '7']));
    await page.goto(`${server.url}?since=2026-01-01`);
    await expectUsage(page, await print(['daily', '--since', '2026-01-01']));
  });

  it('shows builder and reviewer of a metered run side by side, as codex-usage run prints them', async () => {
    const page = await open('/run?id=demo');
    const printed = await print(['run', 'demo']);
    const articles = page.getByRole('article');
    await articles.nth(3).waitFor();
    const invocations = printed.invocations as Answered[];
    for (const [index, one] of invocations.entries()) {
      const values = await valuesOf(articles.nth(index));
      expect(values.slice(0, 2)).toEqual([one.costUsd, one.inputTokens]);
      expect(values.at(-1)).toBe(one.outputTokens);
      expect(await articles.nth(index).textContent()).toMatch(/actual.*completed.*usage_record/);
    }
    const [builder, reviewer] = await Promise.all([articles.nth(0).boundingBox(), articles.nth(1).boundingBox()]);
    expect(builder?.y).toBe(reviewer?.y);
    expect((reviewer?.x ?? 0) > (builder?.x ?? 0)).toBe(true);
  });

  it('folds sub-agents into what started them', async () => {
    const page = await open('/run?id=nightly-42&project=shop');
    const summary = page.getByText(/2 sub-agents, \d+% of its cost/).first();
    await summary.click();
    await expect.poll(() => page.locator('.sub-agents[open] li').count()).toBe(2);
  });

  it('shows a session that is known from its file alone, as codex-usage session prints it', async () => {
    const { sessions } = (await (await fetch(`${server.url}api/sessions?last=20`)).json()) as { sessions: Answered[] };
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
      page.getByRole('button', { name: 'Download CSV' }).first().click(),
    ]);
    expect(download.suggestedFilename()).toBe('usage-monthly.csv');
    const [head = '', ...lines] = (await readFile(await download.path(), 'utf8')).trimEnd().split('\r\n');
    expect(head.split(',').slice(0, 2)).toEqual(['Month', 'Cost USD']);
    const costs = lines.map((line) => line.split(',').slice(0, 2));
    const entries = (printed.monthly as Answered[]).map(({ month, costUsd }) => [month, String(costUsd)]);
    expect(costs).toEqual(entries.reverse());
  });

  it('sorts by a heading', async () => {
    const page = await open('/sessions');
    const heading = page.getByRole('columnheader', { name: 'Input' });
    await heading.getByRole('button').click();
    expect(await heading.getAttribute('aria-sort')).toBe('descending');
    const column = page.locator('tbody td:nth-child(9) data');
    await column.first().waitFor();
    const counts = await Promise.all(
      (await column.all()).map(async (cell) => Number(await cell.getAttribute('value'))),
    );
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
      page.on(
        'console',
        (message) => void (['error', 'warning'].includes(message.type()) && complaints.push(message.text())),
      );
      page.on('pageerror', (error) => complaints.push(error.message));
      for (const width of [1280, 360]) {
        await page.setViewportSize({ width, height: 800 });
        for (const path of VIEWS) {
          await page.goto(new URL(path, server.url).href);
          await page.locator('.answer').waitFor();
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

  it("writes numbers as the reader's browser does", async () => {
    const page = await openPage({ locale: 'de-DE' });
    await page.goto(`${server.url}run?id=demo`);
    await page.getByRole('cell', { name: '36.845' }).waitFor();
  });

  it('says what is missing, and what to do', async () => {
    const page = await open('/run?id=nobody');
    expect(await page.getByRole('alert').textContent()).toContain('There is no run nobody');
    await page.goto(`${server.url}?provider=openai`);
    await page.getByText('Nothing was used', { exact: true }).waitFor();
    await page.goto(`${server.url}compare`);
    await page.getByText('Two runs make a comparison').waitFor();
  });

  it('greets a new user', async () => {
    const { url } = await serveDashboard({ database: join(createFolder(), 'new.db') });
    const page = await openPage();
    for (const [path, greeting] of [
      ['', 'Nothing has been recorded yet'],
      ['runs', 'No run has been metered yet'],
      ['sessions', 'No such session'],
      ['health', 'Nothing to tell yet'],
    ]) {
      await page.goto(`${url}${path}`);
      await page.getByText(greeting ?? '').waitFor();
    }
  });

  it('tells how far past sessions are read, and when the server is gone, and keeps what it shows', async () => {
    const { url, history, close } = await serveDashboard({ database: bench.database });
    const page = await openPage();
    await page.goto(`${url}runs`);
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
    const page = await openPage();
    await page.goto(url);
    const items = page.locator('.returns').first().getByRole('listitem');
    await items.nth(2).waitFor();
    const month = new Date().toISOString().slice(0, 7);
    const spent = await print(['monthly', '--since', `${month}-01`]);
    expect((await valuesOf(items.nth(2)))[0]).toBeCloseTo(Number((spent.totals as Answered).costUsd) / 3, 6);
    expect(await items.nth(2).textContent()).toContain('Together');
  });

  it('shows credits beside the costs where the configuration asks for them, and that they are unconfirmed', async () => {
    const { url } = await serveDashboard({ database: bench.database, unit: 'credits' });
    const page = await openPage();
    await page.goto(url);
    const tile = page.locator('.stat').filter({ hasText: 'Credits of a ChatGPT plan (unconfirmed)' });
    await tile.waitFor();
    const printed = await print(['daily', '--last', '30', '--unit', 'credits']);
    expect((await valuesOf(tile))[0]).toBe((printed.totals as Answered).costCredits);
    expect(await tile.locator('.stat-figure data').getAttribute('title')).toContain('Unconfirmed');
    const other = await open('/');
    await other.locator('.stat').first().waitFor();
    expect(await other.getByText('Credits of a ChatGPT plan').count()).toBe(0);
  });

  async function openPage(options: BrowserContextOptions = {}): Promise<Page> {
    const context = await browser.newContext({ locale: 'en-US', ...options });
    onTestFinished(() => context.close());
    return context.newPage();
  }

  async function open(path: string): Promise<Page> {
    const page = await openPage();
    await page.goto(new URL(path, server.url).href);
    await page.locator('.answer, [role=alert]').first().waitFor();
    return page;
  }

  async function print(args: readonly string[]): Promise<Answered> {
    return JSON.parse((await runUsage([...args, '--json'], { database: bench.database })).stdout) as Answered;
  }
});

/** Holds every cost and token of the table over time, and the total, against what the command printed. */
async function expectUsage(page: Page, printed: Answered): Promise<void> {
  const entries = [...(printed[String(printed.kind)] as Answered[])].reverse();
  const showAll = page.getByRole('button', { name: /^Show all/ }).first();
  const table = page.locator('table').first();
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
  const { costUsd, inputTokens, cachedInputTokens, outputTokens, reasoningTokens } = sums as unknown as Record<
    string,
    number
  >;
  return [
    costUsd,
    inputTokens,
    cachedInputTokens,
    (cachedInputTokens ?? 0) / (inputTokens ?? 1),
    outputTokens,
    reasoningTokens,
  ].map(Number);
}

/** The exact numbers behind what `part` shows. */
async function valuesOf(part: Locator): Promise<number[]> {
  const all = await part.locator('data').all();
  return Promise.all(all.map(async (data) => Number(await data.getAttribute('value'))));
}

async function focused(page: Page): Promise<string> {
  return String(await page.evaluate('document.activeElement.textContent')).trim();
}

/** The real command, on the workbench's database. */
async function startServer({ env }: Workbench): Promise<{ url: string; stop(): Promise<void> }> {
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
