import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename } from 'node:path';
import { execa } from 'execa';

export interface Registry {
  readonly url: string;
  close(): Promise<void>;
}

interface Packed {
  readonly tarball: Buffer;
  readonly manifest: { readonly name: string; readonly version: string };
}

/**
 * A package registry on loopback that has the packages of `tarballs` and sends whoever asks for another to the registry
 * that npm is set to: so the package managers install ours by name, as they do once it is published.
 */
export async function startRegistry(tarballs: readonly string[]): Promise<Registry> {
  const { stdout: upstream } = await execa('npm', ['config', 'get', 'registry']);
  const packed = new Map<string, Packed>();
  for (const path of tarballs) {
    const { stdout } = await execa('tar', ['-xzOf', path, 'package/package.json']);
    packed.set(basename(path), { tarball: readFileSync(path), manifest: JSON.parse(stdout) });
  }
  const server = createServer(({ url = '/' }, response) => {
    const { host } = new URL(url, 'http://localhost');
    const name = decodeURIComponent(new URL(url, `http://${host}`).pathname.slice(1));
    const one = packed.get(basename(name));
    const versions = [...packed].filter(([, { manifest }]) => manifest.name === name);
    if (one && name.startsWith('-/')) return void response.end(one.tarball);
    if (versions.length === 0) {
      response.writeHead(302, { location: new URL(url.slice(1), upstream).href });
      return void response.end();
    }
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(describe(name, versions, addressOf(server))));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: addressOf(server),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** What a registry tells of a package: each version's manifest, and where its tarball lies. */
function describe(name: string, versions: readonly [string, Packed][], url: string): object {
  const described = versions.map(([file, { tarball, manifest }]) => {
    const digest = (algorithm: string) => createHash(algorithm).update(tarball);
    const dist = {
      tarball: `${url}-/${file}`,
      shasum: digest('sha1').digest('hex'),
      integrity: `sha512-${digest('sha512').digest('base64')}`,
    };
    return [manifest.version, { ...manifest, _id: `${name}@${manifest.version}`, dist }] as const;
  });
  const latest = described.at(-1)?.[0];
  const longAgo = '2020-01-01T00:00:00.000Z';
  const time = Object.fromEntries(described.map(([version]) => [version, longAgo]));
  return { name, 'dist-tags': { latest }, versions: Object.fromEntries(described), time };
}

function addressOf(server: ReturnType<typeof createServer>): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
