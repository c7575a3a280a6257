import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const STORE = fileURLToPath(new URL('../../build/nodes', import.meta.url));
const DAY_MS = 86_400_000;

/** The releases of Node that are tried beside the one that runs the tests. 20.19 is the floor. */
export const NODES = ['22', '24', '26'] as const;

/** A Node that npm could not get: nothing is known of it. */
export class NodeNotInstalled extends Error {}

/** Which Node is tried on a day: another one each day, without anything that must be remembered from one to the next. */
export function nodeOfTheDay(atMs: number): string {
  return NODES[Math.floor(atMs / DAY_MS) % NODES.length] ?? NODES[0];
}

/**
 * The folder that has the `node` of a major release: of the Node that runs this, or of the package in which npm's `node`
 * package has it for this platform, installed once. Throws NodeNotInstalled when the registry gives no answer.
 */
export async function provideNode(major: string): Promise<string> {
  if (process.versions.node.split('.')[0] === major) return dirname(process.execPath);
  const system = process.platform === 'win32' ? 'win' : process.platform;
  const name = `node-${system}-${process.arch}`;
  const folder = join(STORE, major);
  const bin = join(folder, 'node_modules', name, 'bin');
  if (existsSync(bin)) return bin;
  mkdirSync(folder, { recursive: true });
  const args = ['install', '--prefix', folder, '--no-save', '--ignore-scripts', '--loglevel', 'error'];
  const npm = await execa('npm', [...args, `${name}@${major}`], { reject: false });
  if (npm.exitCode === 0 && existsSync(bin)) return bin;
  throw new NodeNotInstalled(`npm did not install Node ${major} (${npm.stderr.split('\n')[0]}).`);
}
