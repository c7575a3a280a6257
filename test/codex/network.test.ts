import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect } from 'vitest';
import { expectUndisturbed } from '../harness/compare.js';
import { listenOnLoopback } from '../harness/loopback.js';
import { expectExact } from '../harness/record.js';
import { test } from '../harness/test.js';
import { USAGE, type Workbench } from '../harness/workbench.js';
import { answer, turn } from '../scripted-api/script.js';

const TURN = turn('greet', answer('Hello.', { input: 5200, cached: 1100, output: 90 }));
const ARGS = ['exec', '--json', '--skip-git-repo-check', 'greet'];

describe('behind a proxy that lets nothing through', () => {
  test('a Codex with all its defaults is metered as ever, and nothing of ours asks for any other machine', async ({
    bench,
  }) => {
    const proxy = await startProxy();
    const guard = watchNode(bench);
    bench.api.add(TURN);
    useDefaults(bench);
    const env = { ...proxyVariables(proxy.url), NODE_OPTIONS: `--require ${guard.script}` };
    try {
      const direct = await bench.run(ARGS, { env, direct: true });
      const metered = await bench.run(ARGS, { env });
      expectUndisturbed(metered, direct);
      expectExact(bench, metered);
      for (const command of [['daily'], ['import'], ['prices'], ['doctor'], ['run', '--json'], ['statusline']]) {
        await execa(process.execPath, [USAGE, ...command], { env: { ...bench.env, ...env }, reject: false });
      }
      expect(guard.asked()).toEqual([]);
    } finally {
      await proxy.close();
    }
  });
});

/** Without what the workbench switches off of Codex's own: plugins, updates, analytics. */
function useDefaults({ codexHome }: Workbench): void {
  const path = join(codexHome, 'config.toml');
  const config = readFileSync(path, 'utf8');
  const defaults = config
    .replace('check_for_update_on_startup = false\n', '')
    .replace('[analytics]\nenabled = false\n', '')
    .replace('[features]\nplugins = false\n', '');
  expect(config.length - defaults.length).toBeGreaterThan(80);
  writeFileSync(path, defaults);
}

function proxyVariables(url: string): Record<string, string> {
  const names = ['http_proxy', 'https_proxy', 'all_proxy'].flatMap((name) => [name, name.toUpperCase()]);
  return { ...Object.fromEntries(names.map((name) => [name, url])), no_proxy: '127.0.0.1', NO_PROXY: '127.0.0.1' };
}

async function startProxy() {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n'));
  });
  return await listenOnLoopback(server);
}

/** Has every Node process, which is one of ours or npm's launcher of Codex, write down which other machine it asks for. */
function watchNode({ folder }: Workbench) {
  const script = join(folder, 'watch-node.cjs');
  const asked = join(folder, 'asked');
  writeFileSync(
    script,
    `const { appendFileSync } = require('node:fs');
const { Socket } = require('node:net');
const dns = require('node:dns');
const note = (host) => {
  if (!/^(127\\.0\\.0\\.1|::1|localhost)$/.test(host)) appendFileSync(${JSON.stringify(asked)}, host + '\\n');
};
const { connect } = Socket.prototype;
Socket.prototype.connect = function (...args) {
  const [options] = Array.isArray(args[0]) ? args[0] : args;
  if (options && options.port !== undefined) note(options.host || 'localhost');
  return connect.apply(this, args);
};
const { lookup } = dns;
dns.lookup = (host, ...rest) => {
  note(host);
  return lookup(host, ...rest);
};
`,
  );
  const read = () => (existsSync(asked) ? readFileSync(asked, 'utf8').trim().split('\n') : []);
  return { script, asked: read };
}
