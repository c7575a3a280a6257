import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { resolveProgram } from '../../src/process/native.js';
import { listenOnLoopback } from '../harness/loopback.js';
import { waitFor } from '../harness/wait.js';
import { CODEX, METERED, type Workbench } from '../harness/workbench.js';
import type { ProcessEnd } from './app-server.js';

/** A `codex app-server` that listens for clients such as `codex exec --remote`. */
export interface ListeningServer {
  /** What `--remote` takes. */
  readonly address: string;
  readonly codexHome: string;
  /** Of what was started: Codex, or codex-metered. */
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  readonly ended: Promise<ProcessEnd>;
  /** Ends it in order, and waits for that. */
  stop(): Promise<void>;
}

export interface ServerOptions {
  /** `ws` on a free port, a socket at a path of its own (`unix`), or the socket in its home (`unix default`). */
  readonly listen?: 'ws' | 'unix' | 'unix default';
  /** Its `CODEX_HOME`: the workbench's, or one of its own. */
  readonly home?: 'shared' | 'own';
  /** `--meter-…` options; undefined: Codex alone. */
  readonly meter?: readonly string[];
  /** The Codex to run, in place of the one that is installed here. */
  readonly codex?: string;
  /** Whether it leads a process group of its own. */
  readonly group?: 'own' | 'shared';
}

/** Starts a server. Closing the workbench ends it, where nobody has. */
export async function startListeningServer(
  bench: Workbench,
  { listen = 'ws', home = 'own', meter, codex = CODEX, group }: ServerOptions = {},
): Promise<ListeningServer> {
  const codexHome = home === 'shared' ? bench.codexHome : makeHome(bench);
  const socket = join(bench.folder, 'server.sock');
  const url = { ws: 'ws://127.0.0.1:0', unix: `unix://${socket}`, 'unix default': 'unix://' }[listen];
  // A signal is to reach Codex itself, not the launcher of the npm package.
  const program = resolveProgram(codex, bench.env);
  const [file = '', ...first] = meter ? [process.execPath, METERED, ...meter] : [program.path];
  const child = spawn(file, [...first, 'app-server', '--listen', url], {
    cwd: bench.workTree,
    env: { ...bench.env, ...program.env, CODEX_METERED_CODEX: codex, CODEX_HOME: codexHome },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: group === 'own',
  });
  bench.adopt(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
  const ended = once(child, 'exit').then(([exitCode, signal]) => ({ exitCode, signal }) as ProcessEnd);
  const stop = async () => {
    await endChild(child);
    await ended;
  };
  const path = listen === 'unix' ? socket : join(codexHome, 'app-server-control', 'app-server-control.sock');
  const address = await waitFor('the server', () => {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}: ${output}`);
    if (listen === 'ws') return /listening on: (ws:\S+)/.exec(output)?.[1];
    return existsSync(path) && url;
  });
  return {
    ...{ address, codexHome, pid: child.pid ?? 0, ended, stop },
    kill: (signal) => void child.kill(signal),
  };
}

/** A home of the server's own, with the same configuration. */
function makeHome(bench: Workbench): string {
  const codexHome = join(bench.folder, 'server-home');
  mkdirSync(codexHome, { recursive: true });
  cpSync(join(bench.codexHome, 'config.toml'), join(codexHome, 'config.toml'));
  return codexHome;
}

/** Codex lets a turn come to its end first (0.171). One that does not end is killed. */
async function endChild(child: ChildProcess): Promise<void> {
  for (const signal of ['SIGTERM', 'SIGKILL'] as const) {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await Promise.race([once(child, 'exit'), new Promise((resolve) => setTimeout(resolve, 5000).unref())]);
  }
}

/** Listens where nobody can see which process is behind it, as at the near end of an SSH tunnel. Returns its address. */
export async function openTunnel({ address }: ListeningServer): Promise<string> {
  const { hostname, port } = new URL(address);
  const tunnel = createServer((near) => {
    const far = connect(Number(port), hostname);
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        near.destroy();
        far.destroy();
      });
    }
  });
  const { url, close } = await listenOnLoopback(tunnel);
  onTestFinished(close);
  return url.replace('http:', 'ws:');
}
