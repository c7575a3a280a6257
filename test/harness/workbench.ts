import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, mkdtempSync, openSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import type { LedgerEntry } from '../scripted-api/ledger.js';
import type { Scenario } from '../scripted-api/script.js';
import { type ScriptedApi, startScriptedApi } from '../scripted-api/server.js';
import { untilMetersEnd } from './children.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const BUILD = join(ROOT, 'build');
export const METERED = join(ROOT, 'bin', 'codex-metered.js');
export const USAGE = join(ROOT, 'bin', 'codex-usage.js');
export const CODEX = join(ROOT, 'node_modules', '.bin', 'codex');

export interface RunOptions {
  readonly stdin?: string | Buffer;
  readonly env?: Record<string, string | undefined>;
  /** `--meter-…` options, before Codex's arguments. */
  readonly meter?: readonly string[];
  /** A file for both streams, as `>file 2>&1`: the result then holds neither. */
  readonly into?: string;
  /** The path by which codex-metered is called, such as a link to it. */
  readonly called?: string;
  /** Run Codex itself instead, for a comparison. */
  readonly direct?: boolean;
  /** The Codex to run, in place of the real one. */
  readonly codex?: string;
  readonly cwd?: string;
  /** A command that becomes what is run, such as `setpriv …`. */
  readonly via?: readonly string[];
}

export interface Ended {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The pid of the process that was started: `front_pid` of its invocation. */
  readonly pid: number;
  /** What the API reported between this run's start and its end. */
  readonly ledger: LedgerEntry[];
}

export interface Running {
  readonly pid: number;
  kill(signal: NodeJS.Signals): void;
  /** What it has written so far, on both streams. */
  output(): string;
  readonly ended: Promise<Ended>;
}

/** A real Codex with a home, a work tree and a database of its own, and the scripted API that it talks to. */
export interface Workbench {
  readonly api: ScriptedApi;
  readonly folder: string;
  readonly codexHome: string;
  readonly workTree: string;
  readonly database: string;
  readonly stateFolder: string;
  /** The environment in which Codex and codex-metered run here. */
  readonly env: NodeJS.ProcessEnv;
  /** Gives Codex another model, or its provider another name. */
  configure(settings: { model?: string; provider?: string }): void;
  /** Starts Codex, metered unless asked otherwise. */
  start(args: readonly string[], options?: RunOptions): Running;
  /** Starts Codex and waits for its end. */
  run(args: readonly string[], options?: RunOptions): Promise<Ended>;
  /** Ends `child` when the workbench is closed, in case a test that failed has left it running. */
  adopt(child: ChildProcess): void;
  close(): Promise<void>;
}

/** Opens a workbench on a folder of its own below `build/`: Codex warns about a home below the system's temporary folder. */
export async function openWorkbench(...scenarios: Scenario[]): Promise<Workbench> {
  const api = await startScriptedApi(...scenarios);
  mkdirSync(BUILD, { recursive: true });
  const folder = realpathSync(mkdtempSync(join(BUILD, 'workbench-')));
  const codexHome = join(folder, 'codex-home');
  const workTree = join(folder, 'shop');
  await mkdir(codexHome);
  await mkdir(workTree);
  await execa('git', ['init', '--quiet'], { cwd: workTree });
  await writeFile(join(codexHome, 'config.toml'), configFor(api.url));
  const database = join(folder, 'data', 'usage.db');
  const stateFolder = join(folder, 'state');
  const env = {
    ...withoutOurs(process.env),
    HOME: folder,
    CODEX_HOME: codexHome,
    CODEX_METERED_CODEX: CODEX,
    CODEX_METERED_DB: database,
    CODEX_METERED_STATE_DIR: stateFolder,
    // Tests read the record at once.
    CODEX_METERED_WAIT: '60000',
  };

  const running = new Set<ChildProcess>();
  const adopt = (child: ChildProcess) => {
    running.add(child);
    child.once('exit', () => running.delete(child));
  };
  const start: Workbench['start'] = (args, options = {}) => {
    const codex = options.codex ?? CODEX;
    const meter = options.called ? [options.called] : [process.execPath, METERED];
    const program = options.direct ? [codex] : [...meter, ...(options.meter ?? [])];
    const [file = '', ...first] = [...(options.via ?? []), ...program];
    const reported = api.ledger.length;
    const into = options.into === undefined ? undefined : openSync(options.into, 'a');
    const child = spawn(file, [...first, ...args], {
      cwd: options.cwd ?? workTree,
      env: { ...env, CODEX_METERED_CODEX: codex, ...options.env },
      stdio: [options.stdin === undefined ? 'ignore' : 'pipe', into ?? 'pipe', into ?? 'pipe'],
    });
    adopt(child);
    if (into !== undefined) closeSync(into);
    child.stdin?.end(options.stdin);
    const pid = child.pid ?? 0;
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => (output += chunk));
    const streams = Promise.all([readAll(child.stdout), readAll(child.stderr)]);
    const exit = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
    return {
      pid,
      kill: (signal) => void child.kill(signal),
      output: () => output,
      ended: Promise.all([streams, exit]).then(([[stdout, stderr], [exitCode, signal]]) => ({
        ...{ stdout, stderr, exitCode, signal, pid },
        ledger: api.ledger.slice(reported),
      })),
    };
  };

  return {
    ...{ api, folder, codexHome, workTree, database, stateFolder, env, start, adopt },
    configure: (settings) => writeFileSync(join(codexHome, 'config.toml'), configFor(api.url, settings)),
    run: (args, options) => start(args, options).ended,
    async close() {
      // Only a test that failed leaves one.
      for (const child of running) child.kill('SIGTERM');
      await api.close();
      // A meter waits up to 5 s for a killed Codex to be gone. A server that is metered is stopped by the test that has started it.
      await untilMetersEnd(folder, 15_000).catch(() => undefined);
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

async function readAll(stream: Readable | null): Promise<Buffer> {
  return stream ? buffer(stream) : Buffer.alloc(0);
}

/**
 * The model is one that Codex knows by name and that has a price. Codex 0.171 would ask other machines as it starts: for
 * plugins (github.com, chatgpt.com), for updates, and with its own analytics (ab.chatgpt.com). None of it is wanted here.
 */
export function configFor(apiUrl: string, { model = 'gpt-5.3-codex', provider = 'scripted' } = {}): string {
  return `model = "${model}"
model_provider = "scripted"
check_for_update_on_startup = false

[analytics]
enabled = false

[features]
plugins = false

[model_providers.scripted]
name = "${provider}"
base_url = "${apiUrl}"
wire_api = "responses"
supports_websockets = false
`;
}

function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !/^(CODEX_|XDG_|NO_COLOR$|FORCE_COLOR$|CI$|GITHUB_SHA$)/.test(name)),
  );
}
