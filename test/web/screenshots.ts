import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launchBrowser } from '../harness/browser.js';

/** Takes a picture of every view at the address `url`, in light and dark, wide and narrow, into `folder`. */
const [, , url = 'http://127.0.0.1:4747', folder = 'build/screenshots'] = process.argv;
const VIEWS = {
  usage: '/',
  claude: '/?provider=claude&period=weekly',
  monthly: '/?period=monthly',
  runs: '/runs',
  run: '/run?id=nightly-42&project=shop',
  failed: '/run?id=checkout-refactor&project=shop',
  compare: '/compare?a=nightly-41&aProject=shop&b=nightly-42&bProject=shop',
  sessions: '/sessions',
  health: '/health',
};

mkdirSync(folder, { recursive: true });
const browser = await launchBrowser();
for (const colorScheme of ['light', 'dark'] as const) {
  for (const width of [1280, 360]) {
    const context = await browser.newContext({ colorScheme, viewport: { width, height: 800 }, locale: 'en-US' });
    for (const [name, path] of Object.entries(VIEWS)) {
      const page = await context.newPage();
      page.on('console', (message) => console.log(name, message.type(), message.text()));
      page.on('pageerror', (error) => console.log(name, 'error', error.message));
      await page.goto(new URL(path, url).href);
      await page.locator('.answer, .empty').first().waitFor();
      for (const chart of await page.locator('.chart').all()) await chart.locator('canvas').first().waitFor();
      await page.screenshot({ path: join(folder, `${name}-${colorScheme}-${width}.png`), fullPage: true });
      await page.close();
    }
    await context.close();
  }
}
await browser.close();
