import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { type Chat, type Db, findRow, openDatabase, type Project, type Run } from '../../examples/runner/database.js';
import { test as base } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';
import { CODEX, METERED, type Workbench } from '../harness/workbench.js';

const MAIN = fileURLToPath(new URL('../../examples/runner/main.ts', import.meta.url));
const TSX = fileURLToPath(new URL('../../node_modules/tsx/dist/cli.mjs', import.meta.url));

/** The example's control center as a process, which is told what to do by its commands. */
export interface ControlCenter {
  /** Its folder, where its database lies. */
  readonly folder: string;
  readonly db: Db;
  /** Where codex-metered keeps its own record when nobody says where. */
  readonly ownDatabase: string;
  /** What a command is answered with. Rejects where that is an error. */
  ask(command: string): Promise<string>;
  /** A git work tree of that name, taken in as a project. */
  addProject(name: string): Promise<Project>;
  start(project: Project, task: string): Promise<string>;
  /** The row of a run once its worker has ended. */
  runEnd(id: string): Promise<Run>;
  chatEnd(id: string): Promise<Chat>;
  close(): Promise<void>;
}

/**
 * Tests with a control center of their own, which ends before the folder that it works in is removed, and a project in it.
 * It starts codex-metered, unless a describe says `test.scoped({ codex: 'codex' })`.
 */
export const test = base.extend<{ codex: 'codex' | 'codex-metered'; center: ControlCenter; shop: Project }>({
  codex: 'codex-metered',
  center: async ({ bench, codex }, use) => {
    const center = await openControlCenter(bench, codex);
    await use(center);
    await center.close();
  },
  shop: async ({ center }, use) => use(await center.addProject('shop')),
});

/**
 * Starts the control center with Codex, or with codex-metered and its path in the one variable: no other of our variables
 * is set, so that what is tested is what a reader gets who follows the README.
 */
async function openControlCenter(bench: Workbench, codex: 'codex' | 'codex-metered'): Promise<ControlCenter> {
  const folder = join(bench.folder, 'control-center');
  await makeWorkTree(folder);
  const db = openDatabase(join(folder, 'control-center.db'));
  const child = spawn(process.execPath, [TSX, MAIN], {
    cwd: folder,
    env: environmentOf(bench, codex, db.name),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  bench.adopt(child);
  const closed = once(child, 'close');
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (command: string) => {
    child.stdin.write(`${command}\n`);
    const { value = 'error: it has ended' } = await answers.next();
    if (value.startsWith('error: ')) throw new Error(value);
    return value as string;
  };
  return {
    ...{ folder, db, ask },
    ownDatabase: join(bench.folder, '.local', 'share', 'codex-metered', 'usage.db'),
    async addProject(name) {
      const path = join(bench.folder, name);
      await makeWorkTree(path);
      return findRow(db, 'projects', await ask(`project ${path}`));
    },
    start: (project, task) => ask(`run ${project.id} ${task}`),
    runEnd: (id) =>
      waitFor(`the end of run ${id}`, () => [findRow(db, 'runs', id)].find(({ pid }) => pid === null), 90_000),
    chatEnd: (id) =>
      waitFor(`the end of chat ${id}`, () => [findRow(db, 'chats', id)].find(({ status }) => status !== 'running')),
    async close() {
      // Only a test that failed leaves a worker.
      for (const { pid } of db.prepare('SELECT pid FROM runs WHERE pid IS NOT NULL').all() as { pid: number }[]) {
        killGroup(pid);
      }
      child.stdin.end();
      await closed;
      db.close();
      // A Codex that is ended just as it starts a command can leave the first process of its sandbox behind.
      for (const pid of listSandboxes(bench.folder)) process.kill(pid, 'SIGKILL');
    },
  };
}

function environmentOf(bench: Workbench, codex: 'codex' | 'codex-metered', database: string): NodeJS.ProcessEnv {
  const bin = join(bench.folder, 'bin');
  mkdirSync(bin);
  symlinkSync(CODEX, join(bin, 'codex'));
  symlinkSync(METERED, join(bin, 'codex-metered'));
  const others = Object.entries(bench.env).filter(([name]) => !name.startsWith('CODEX_METERED_'));
  return {
    ...Object.fromEntries(others),
    PATH: `${bin}${delimiter}${process.env.PATH}`,
    RUNNER_CODEX: codex,
    ...(codex === 'codex-metered' && { CODEX_METERED_COST_RECORDS: database }),
  };
}

async function makeWorkTree(path: string): Promise<void> {
  mkdirSync(path, { recursive: true });
  await execa('git', ['init', '--quiet'], { cwd: path });
  const author = ['-c', 'user.name=ada', '-c', 'user.email=ada@example.com'];
  await execa('git', [...author, 'commit', '--quiet', '--allow-empty', '--message', 'Begin'], { cwd: path });
}

function killGroup(leader: number): void {
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // It has ended by now.
  }
}

function listSandboxes(folder: string): number[] {
  const commandOf = (pid: string) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    } catch {
      return [];
    }
  };
  const isSandbox = ([name = '', ...args]: string[]) =>
    /(^|\/)bwrap$/.test(name) && args.some((arg) => arg.startsWith(folder));
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && isSandbox(commandOf(name)))
    .map(Number);
}
