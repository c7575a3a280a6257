import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const STORE = fileURLToPath(new URL('../../build/codex', import.meta.url));
const PACKAGE = fileURLToPath(new URL('../../package.json', import.meta.url));

/**
 * Releases of Codex that people still run, oldest first. 0.42 and 0.64 write formats of their own, 0.98 is the last whose
 * records have no turn ids, 0.151 the first with pages and the last without usage records.
 */
export const RELEASES = [
  ...['0.42.0', '0.64.0', '0.80.0', '0.98.0', '0.101.0', '0.116.0', '0.125.0', '0.140.0'],
  ...['0.151.0', '0.153.4', '0.155.0', '0.169.0', '0.171.0'],
] as const;

/** In the place of a release: the pinned one, with codex-metered as it is on macOS, where there is no `/proc`. */
export const WITHOUT_PROC = 'without /proc';

/** The release that the tests run. */
export function readPinnedVersion(): string {
  const { devDependencies } = JSON.parse(readFileSync(PACKAGE, 'utf8')) as { devDependencies: Record<string, string> };
  return String(devDependencies['@openai/codex']);
}

/** A release that npm could not get: nothing is known of it. */
export class NotInstalled extends Error {}

/** What the registry calls the newest. Throws NotInstalled when it gives no answer. */
export async function findNewestVersion(): Promise<string> {
  const npm = await execa('npm', ['view', '@openai/codex', 'version'], { reject: false });
  const version = /^\d+\.\d+\.\d+$/m.exec(npm.stdout)?.[0];
  if (npm.exitCode === 0 && version) return version;
  throw new NotInstalled('npm did not say which @openai/codex is the newest. Is the registry reachable?');
}

const installing = new Map<string, Promise<string>>();

/** Installs a release from npm, once, and returns its `codex`. Throws NotInstalled when the registry gives no answer. */
export function installRelease(version: string): Promise<string> {
  const installed = installing.get(version) ?? install(version);
  installing.set(version, installed);
  return installed;
}

async function install(version: string): Promise<string> {
  const folder = join(STORE, version);
  const codex = join(folder, 'node_modules', '.bin', 'codex');
  if (existsSync(codex)) return codex;
  mkdirSync(folder, { recursive: true });
  const name = `@openai/codex@${version}`;
  const npm = await execa('npm', ['install', '--prefix', folder, '--no-save', '--loglevel', 'error', name], {
    reject: false,
  });
  if (npm.exitCode === 0 && existsSync(codex)) return codex;
  const code = /^npm (?:error|ERR!) code (\S+)$/m.exec(npm.stderr)?.[1] ?? `exit code ${npm.exitCode}`;
  if (/^(ETARGET|E404)$/.test(code)) throw new Error(`There is no ${name} on npm.`);
  throw new NotInstalled(`npm did not install ${name} (${code}). Is the registry reachable?`);
}
