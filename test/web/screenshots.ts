import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openStore, type Store } from '../../src/store/store.js';
import type { Subscription } from '../../src/web/answers.js';
import { createProgress } from '../../src/web/progress.js';
import { startDashboard } from '../../src/web/server.js';
import { launchBrowser } from '../harness/browser.js';
import { seedLongLoop, seedLoops } from '../harness/loops.js';
import { seedMonths } from '../harness/months.js';
import { describeScript } from '../harness/script.js';
import { recordRealRuns } from './real-record.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const command = describeScript('screenshots', 'Takes pictures of every view, in light and dark, wide and narrow.')
  .argument('[folder]', 'where they go', join(ROOT, 'build/screenshots'))
  .option('--docs', 'take those of docs/images instead, of real runs of Codex')
  .parse();
const [folder = ''] = command.processedArgs as [string];
const SINCE = '2026-01-01';
const MADE_UP_SUBSCRIPTIONS: readonly Subscription[] = [
  { provider: 'openai', name: 'ChatGPT Pro', usdPerMonth: 200, since: SINCE },
  { provider: 'anthropic', name: 'Max', usdPerMonth: 100, since: SINCE },
];

interface Shot {
  readonly path: string;
  readonly width: number;
  readonly scheme: 'light' | 'dark';
  readonly file: string;
  /** Takes this part of the page alone. */
  readonly part?: string;
}

const VIEWS = {
  usage: '/',
  claude: '/?provider=claude&period=weekly',
  monthly: '/?period=monthly',
  runs: '/runs',
  run: '/run?id=nightly-42&project=shop',
  why: '/run?id=nightly-42&project=shop&why=reviewer/3',
  long: '/run?id=marathon&project=shop',
  failed: '/run?id=checkout-refactor&project=shop',
  compare: '/compare?a=nightly-41&aProject=shop&b=nightly-42&bProject=shop',
  sessions: '/sessions',
  health: '/health',
};

if (command.opts().docs) await photographRealRuns();
else await photographMadeUp();

async function photographRealRuns(): Promise<void> {
  const bench = await recordRealRuns();
  const images = join(ROOT, 'docs/images');
  const run = '/run?id=loop&project=shop';
  const wide = { width: 1400, scheme: 'light' } as const;
  try {
    const store = openStore(bench.database, { mode: 'write', busyTimeoutMs: 5000 });
    await photograph(
      store,
      [],
      [
        { ...wide, path: '/', file: join(images, 'dashboard-usage.png') },
        { ...wide, path: run, file: join(images, 'dashboard-run.png') },
        { ...wide, path: `${run}&why=reviewer/3`, file: join(images, 'dashboard-why.png'), part: '.why' },
        { path: run, width: 360, scheme: 'dark', file: join(images, 'dashboard-narrow.png') },
      ],
    );
  } finally {
    await bench.close();
  }
}

async function photographMadeUp(): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), 'codex-metered-screenshots-'));
  const looks = (['light', 'dark'] as const).flatMap((scheme) => [1400, 800, 360].map((width) => ({ scheme, width })));
  const shots = Object.entries(VIEWS).flatMap(([name, path]) =>
    looks.map(({ scheme, width }) => ({ path, scheme, width, file: join(folder, `${name}-${scheme}-${width}.png`) })),
  );
  mkdirSync(folder, { recursive: true });
  try {
    await photograph(makeUp(join(home, 'usage.db')), MADE_UP_SUBSCRIPTIONS, shots);
  } finally {
    rmSync(home, { recursive: true });
  }
}

function makeUp(database: string): Store {
  const nowMs = Date.now();
  seedMonths(database, { untilMs: nowMs, days: 380, sessionsPerDay: 8 });
  // The first process of the machine has been there for a while.
  seedLoops(database, { nowMs, running: { pid: 1, forMs: 160_000 } });
  seedLongLoop(database, { nowMs, iterations: 200, running: { pid: 1, forMs: 120_000 } });
  const store = openStore(database, { mode: 'write', busyTimeoutMs: 5000 });
  const limit = { provider: 'codex', limitId: 'codex', observedAtMs: nowMs } as const;
  store.record({
    invocation: { id: 'nightly-43-3' },
    rateLimits: [
      { ...limit, windowMinutes: 300, usedPercent: 38, resetsAtMs: nowMs + 2 * 3_600_000 },
      { ...limit, windowMinutes: 10_080, usedPercent: 61, resetsAtMs: nowMs + 80 * 3_600_000 },
    ],
  });
  return store;
}

/** Serves the dashboard of `store`, takes the pictures, and closes the store. */
async function photograph(store: Store, subscriptions: readonly Subscription[], shots: readonly Shot[]): Promise<void> {
  const dashboard = await startDashboard({
    store,
    history: createProgress(),
    pastSessions: { count: async () => [], import: () => undefined },
    surroundings: {
      version: '0.0.0',
      database: store.path,
      subscriptions,
      timeZone: undefined,
      unit: 'usd',
      now: Date.now,
    },
    port: { port: 0, insist: 'exact' },
    pageFolder: join(ROOT, 'dist/page'),
    onFault: console.error,
  });
  const browser = await launchBrowser();
  for (const { path, width, scheme, file, part } of shots) {
    const page = await browser.newPage({ colorScheme: scheme, viewport: { width, height: 800 }, locale: 'en-US' });
    await page.goto(new URL(path, dashboard.url).href);
    await page.locator('.answer').first().waitFor();
    await page.getByText('Live', { exact: true }).waitFor();
    for (const chart of await page.locator('.chart').all()) await chart.locator('canvas').waitFor();
    for (const answer of await page.locator('.panel .loading').all()) await answer.waitFor({ state: 'hidden' });
    await page.evaluate('scrollTo(0, 0)');
    await (part ? page.locator(part).screenshot({ path: file }) : page.screenshot({ path: file, fullPage: true }));
    await page.close();
  }
  await browser.close();
  await dashboard.close();
  store.close();
}
