import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const STORE = fileURLToPath(new URL('../../build/codex', import.meta.url));

/** Releases of Codex that people still run, oldest first. 0.42 and 0.64 write formats of their own. */
export const RELEASES = ['0.42.0', '0.64.0', '0.80.0', '0.101.0', '0.125.0', '0.140.0', '0.155.0', '0.169.0'] as const;

/** A release that npm could not get: nothing is known of it. */
export class NotInstalled extends Error {}

/** Installs a release from npm, once, and returns its `codex`. Throws NotInstalled when the registry gives no answer. */
export async function installRelease(version: string): Promise<string> {
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
