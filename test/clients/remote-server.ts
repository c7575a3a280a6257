import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { waitFor } from '../harness/wait.js';
import { CODEX, METERED, type Workbench } from '../harness/workbench.js';

export interface RemoteServerOptions {
  /** Meter the server as well as its clients. */
  readonly metered?: boolean;
  readonly codex?: string;
  /** A `CODEX_HOME` of its own, with a config.toml in it. */
  readonly codexHome?: string;
}

/** `codex app-server --listen ws://…`, the server of `codex exec --remote ADDRESS` (Codex 0.171). */
export interface RemoteServer {
  readonly pid: number;
  /** What `--remote` takes. */
  readonly address: string;
  /** Ends it as an operator would, by SIGTERM, and waits until it is gone. */
  close(): Promise<void>;
}

/** Starts a server on a free port. Closing the workbench ends it. */
export async function startRemoteServer(bench: Workbench, options: RemoteServerOptions = {}): Promise<RemoteServer> {
  const { metered = false, codex = CODEX, codexHome = bench.codexHome } = options;
  const [file = '', ...first] = metered ? [process.execPath, METERED] : [codex];
  const child = spawn(file, [...first, 'app-server', '--listen', 'ws://127.0.0.1:0'], {
    cwd: bench.workTree,
    env: { ...bench.env, CODEX_METERED_CODEX: codex, CODEX_HOME: codexHome },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  bench.adopt(child);
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  const address = await waitFor('the address of the server', () => {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}: ${said}`);
    return /ws:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
  });
  return {
    pid: child.pid ?? 0,
    address,
    async close() {
      child.kill('SIGTERM');
      if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    },
  };
}
