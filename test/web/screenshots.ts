import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openStore } from '../../src/store/store.js';
import { createProgress } from '../../src/web/progress.js';
import { startDashboard } from '../../src/web/server.js';
import { launchBrowser } from '../harness/browser.js';
import { seedLongLoop, seedLoops } from '../harness/loops.js';
import { seedMonths } from '../harness/months.js';
import { describeScript } from '../harness/script.js';

const [folder = ''] = describeScript('screenshots', 'Takes pictures of every view, in light and dark, wide and narrow.')
  .argument('[folder]', 'where they go', 'build/screenshots')
  .parse().processedArgs as [string];
const VIEWS = {
  usage: '/',
  claude: '/?provider=claude&period=weekly',
  monthly: '/?period=monthly',
  runs: '/runs',
  run: '/run?id=nightly-42&project=shop',
  long: '/run?id=marathon&project=shop',
  failed: '/run?id=checkout-refactor&project=shop',
  compare: '/compare?a=nightly-41&aProject=shop&b=nightly-42&bProject=shop',
  sessions: '/sessions',
  health: '/health',
};
const SINCE = '2026-01-01';

const home = mkdtempSync(join(tmpdir(), 'codex-metered-screenshots-'));
const database = join(home, 'usage.db');
const nowMs = Date.now();
seedMonths(database, { untilMs: nowMs, days: 380, sessionsPerDay: 8 });
// The first process of the machine has been there for a while.
seedLoops(database, { nowMs, running: { pid: 1, forMs: 160_000 } });
seedLongLoop(database, { nowMs, iterations: 200, running: { pid: 1, forMs: 120_000 } });
const store = openStore(database, { mode: 'write', busyTimeoutMs: 5000 });
for (const [window, used, hours] of [
  [300, 38, 2],
  [10_080, 61, 80],
] as const) {
  const limit = {
    windowMinutes: window,
    usedPercent: used,
    resetsAtMs: nowMs + hours * 3_600_000,
    observedAtMs: nowMs,
  };
  store.record({ invocation: { id: 'nightly-43-3' }, rateLimits: [{ provider: 'codex', limitId: 'codex', ...limit }] });
}
const dashboard = await startDashboard({
  store,
  history: createProgress(),
  pastSessions: { count: async () => [], import: () => undefined },
  surroundings: {
    version: '0.0.0',
    database,
    subscriptions: [
      { provider: 'openai', name: 'ChatGPT Pro', usdPerMonth: 200, since: SINCE },
      { provider: 'anthropic', name: 'Max', usdPerMonth: 100, since: SINCE },
    ],
    timeZone: undefined,
    unit: 'usd',
    now: Date.now,
  },
  port: { port: 0, insist: 'exact' },
  pageFolder: fileURLToPath(new URL('../../dist/page', import.meta.url)),
  onFault: console.error,
});
mkdirSync(folder, { recursive: true });
const browser = await launchBrowser();
for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1400, 800, 360]) {
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 }, locale: 'en-US' });
    for (const [name, path] of Object.entries(VIEWS)) {
      const page = await context.newPage();
      await page.goto(new URL(path, dashboard.url).href);
      await page.locator('.answer').first().waitFor();
      await page.getByText('Live', { exact: true }).waitFor();
      for (const chart of await page.locator('.chart').all()) await chart.locator('canvas').waitFor();
      await page.screenshot({ path: join(folder, `${name}-${colorScheme}-${width}.png`), fullPage: true });
      await page.close();
    }
    await context.close();
  }
}
await browser.close();
await dashboard.close();
store.close();
rmSync(home, { recursive: true });
