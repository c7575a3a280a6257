import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CommandList } from '../../src/cli/commands/command.js';
import type { Host } from '../../src/cli/commands/host.js';
import { COMMANDS } from '../../src/cli/commands/list.js';
import { runProgram } from '../../src/cli/commands/program.js';
import type { Paths } from '../../src/config/paths.js';
import { type Change, openStore } from '../../src/store/store.js';
import { createFolder } from '../store/samples.js';

const METER = fileURLToPath(new URL('../../dist/meter.cjs', import.meta.url));

const NO_SESSIONS = { CODEX_HOME: '/nowhere', CLAUDE_CONFIG_DIR: '/nowhere', GEMINI_CLI_HOME: '/nowhere' };

export interface Printed {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Setting {
  readonly database: string;
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  /** By default those of codex-usage. */
  readonly commands?: CommandList;
  readonly stdout?: Partial<Host['stdout']>;
  readonly beforeCommand?: (paths: Paths) => void;
  readonly beforeReport?: (paths: Paths) => void;
}

/** Runs `codex-usage` with streams that the test reads. */
export async function runUsage(args: string[], setting: Setting): Promise<Printed> {
  const {
    database,
    env = {},
    cwd = '/',
    commands = COMMANDS,
    stdout,
    beforeCommand = () => undefined,
    beforeReport = () => undefined,
  } = setting;
  const printed = { stdout: '', stderr: '' };
  const collect = (name: keyof typeof printed) => (text: string) => {
    printed[name] += text;
  };
  const host: Host = {
    args,
    // The configuration and the sessions of whoever runs the tests are none of theirs.
    env: { CODEX_METERED_DB: database, XDG_CONFIG_HOME: '/nowhere', ...NO_SESSIONS, ...env },
    cwd,
    meter: METER,
    stdout: { write: collect('stdout'), ...stdout },
    stderr: { write: collect('stderr') },
    untilStopped: () => new Promise(() => undefined),
  };
  const exitCode = await runProgram(host, commands, { beforeCommand, beforeReport });
  return { exitCode, ...printed };
}

/** The path of a database in which the changes are recorded, one after the other: by default a new one of the running test. */
export function recordedIn(changes: readonly Change[], path = join(createFolder(), 'usage.db')): string {
  const store = openStore(path, { mode: 'write', busyTimeoutMs: 5000 });
  for (const change of changes) store.record(change);
  store.close();
  return path;
}

/** The lines of a report that are wider than it may be, but for those with what stays whole: an address or a path. */
export function linesBeyond(width: number, text: string, whole = 'https://'): string[] {
  return text.split('\n').filter((line) => line.length > width && !line.includes(whole));
}
