import { once } from 'node:events';
import { symlinkSync } from 'node:fs';
import { type AddressInfo, createServer, type ListenOptions } from 'node:net';
import { networkInterfaces } from 'node:os';
import { basename, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { findListener, findServerHome, parseAddress } from '../../src/process/server-home.js';
import { createFolder } from '../store/samples.js';

const PROGRAM = basename(process.execPath);

async function listen(options: ListenOptions): Promise<number> {
  const server = createServer().listen(options);
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

describe('an address of --remote', () => {
  const own = Object.values(networkInterfaces())
    .flatMap((one) => one ?? [])
    .find(({ internal }) => !internal)?.address;

  test.for<[string, unknown]>([
    ['ws://127.0.0.1:4500', { kind: 'tcp', addresses: ['127.0.0.1'], port: 4500 }],
    ['ws://localhost:4500', { kind: 'tcp', addresses: ['127.0.0.1', '::1'], port: 4500 }],
    ['ws://[::1]:4500', { kind: 'tcp', addresses: ['::1'], port: 4500 }],
    ['wss://127.0.0.2', { kind: 'tcp', addresses: ['127.0.0.2'], port: 443 }],
    ['ws://build.example.org:4500', { kind: 'tcp', addresses: [], port: 4500 }],
    ['ws://192.0.2.7:4500', { kind: 'tcp', addresses: [], port: 4500 }],
    ...(own
      ? [[`ws://${own.includes(':') ? `[${own}]` : own}:4500`, { kind: 'tcp', port: 4500 }] as [string, unknown]]
      : []),
    ['unix:///run/codex.sock', { kind: 'unix', path: '/run/codex.sock' }],
    ['unix://codex.sock', { kind: 'unix', path: join(process.cwd(), 'codex.sock') }],
    ['unix://', { kind: 'unix', path: '/home/ada/.codex/app-server-control/app-server-control.sock' }],
  ])('says where the server listens: %s', ([address, expected]) => {
    expect(parseAddress(address, '/home/ada/.codex')).toMatchObject(expected as object);
  });

  test.for(['', 'nonsense', 'http://127.0.0.1:80', 'ws://'])('may be none: %j', async (address) => {
    expect(parseAddress(address, '/home/ada/.codex')).toBeUndefined();
    expect(await findServerHome(address, '/home/ada/.codex')).toBeUndefined();
  });
});

describe.runIf(process.platform === 'linux')('the process that listens', () => {
  test.for([
    ['127.0.0.1', ['127.0.0.1']],
    ['::1', ['127.0.0.1', '::1']],
    ['0.0.0.0', ['127.0.0.1']],
    ['::', ['::1']],
  ] as const)('is found by a port of %s', async ([host, addresses]) => {
    const port = await listen({ host, port: 0 });
    expect(await findListener({ kind: 'tcp', addresses, port }, PROGRAM)).toBe(process.pid);
  });

  test('is found by a socket, and by a link to it', async () => {
    const folder = createFolder();
    const path = join(folder, 'server.sock');
    await listen({ path });
    symlinkSync(path, join(folder, 'link.sock'));
    for (const name of ['server.sock', 'link.sock']) {
      expect(await findListener({ kind: 'unix', path: join(folder, name) }, PROGRAM)).toBe(process.pid);
    }
  });

  test('is not one of another program, nor one that listens at another address', async () => {
    const folder = createFolder();
    const port = await listen({ host: '127.0.0.1', port: 0 });
    for (const [program, addresses] of [
      ['codex', ['127.0.0.1']],
      [PROGRAM, ['127.0.0.2']],
      [PROGRAM, []],
    ] as const) {
      expect(await findListener({ kind: 'tcp', addresses, port }, program)).toBeUndefined();
    }
    expect(await findListener({ kind: 'unix', path: join(folder, 'none.sock') }, PROGRAM)).toBeUndefined();
    expect(await findServerHome(`ws://127.0.0.1:${port}`, folder)).toBeUndefined();
  });
});
