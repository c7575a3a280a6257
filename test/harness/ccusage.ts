import { chmodSync, existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

/** The newest of which npm has a native program for Linux on x64, as of November 2026: of 20.0.26 it has none. */
export const CCUSAGE_VERSION = '20.0.24';
const FOLDER = fileURLToPath(new URL(`../../build/ccusage/${CCUSAGE_VERSION}`, import.meta.url));

let installed: Promise<string | undefined> | undefined;

/** ccusage's native program, without its launcher in JavaScript; undefined where npm has none. Installed once, also for several who ask at once. */
export function installCcusage(): Promise<string | undefined> {
  installed ??= install();
  return installed;
}

async function install(): Promise<string | undefined> {
  const platform = `@ccusage/ccusage-${process.platform}-${process.arch}`;
  const program = join(FOLDER, 'node_modules', platform, 'bin', 'ccusage');
  if (existsSync(program)) return program;
  mkdirSync(FOLDER, { recursive: true });
  const packages = [`ccusage@${CCUSAGE_VERSION}`, `${platform}@${CCUSAGE_VERSION}`];
  await execa('npm', ['install', '--prefix', FOLDER, '--no-save', '--silent', ...packages], { reject: false });
  if (!existsSync(program)) return undefined;
  // It is packed as a file that nobody may execute: its launcher sees to that.
  chmodSync(program, 0o755);
  return program;
}
