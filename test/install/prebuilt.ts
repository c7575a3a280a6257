import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { execa } from 'execa';

/**
 * Packs the native part of better-sqlite3 that is installed here as its authors pack it, into `folder`, where its
 * install script looks before it asks another machine. Returns nothing where that part is for another Node.
 */
export async function packNativePart(folder: string, node: string): Promise<string | undefined> {
  const manifest = createRequire(import.meta.url).resolve('better-sqlite3/package.json');
  const root = dirname(manifest);
  const { stdout: modules } = await execa(node, ['-p', 'process.versions.modules']);
  if (modules !== process.versions.modules || !existsSync(join(root, 'build/Release/better_sqlite3.node'))) return;
  const { version } = JSON.parse(readFileSync(manifest, 'utf8')) as { version: string };
  mkdirSync(folder, { recursive: true });
  const name = `better-sqlite3-v${version}-node-v${modules}-${process.platform}-${process.arch}.tar.gz`;
  await execa('tar', ['-czf', join(folder, name), '-C', root, 'build/Release/better_sqlite3.node']);
  return folder;
}
