import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
const PLACES = [
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Why no browser can be started here; undefined where one can. */
export const NO_BROWSER: string | undefined =
  findInstalled() !== undefined || (process.platform === 'linux' && process.arch === 'x64')
    ? undefined
    : 'needs Chromium or Chrome: install one, or say where it is with CHROMIUM=path';

/** Starts a real Chromium without a window: the system's, or else the one that comes with npm. */
export async function launchBrowser(): Promise<Browser> {
  const installed = findInstalled();
  if (installed) return chromium.launch({ executablePath: installed, args: FLAGS });
  const { executablePath, libraries } = await unpackBundled();
  return chromium.launch({ executablePath, args: FLAGS, env: { ...process.env, LD_LIBRARY_PATH: libraries } });
}

/** The package brings the libraries of a bare system too, and unpacks them where it believes itself in a cloud. */
async function unpackBundled(): Promise<{ executablePath: string; libraries: string }> {
  const before = { ...process.env };
  process.env.AWS_EXECUTION_ENV = 'AWS_Lambda_nodejs22.x';
  try {
    const { default: bundled } = await import('@sparticuz/chromium');
    return { executablePath: await bundled.executablePath(), libraries: process.env.LD_LIBRARY_PATH ?? '' };
  } finally {
    process.env = before;
  }
}

/** CHROMIUM names one; `none` is for a try of what happens without. */
function findInstalled(): string | undefined {
  const { CHROMIUM, PATH = '' } = process.env;
  if (CHROMIUM) return CHROMIUM === 'none' ? undefined : CHROMIUM;
  const onPath = PATH.split(delimiter).flatMap((folder) => NAMES.map((name) => join(folder, name)));
  return [...onPath, ...PLACES].find((path) => existsSync(path));
}
