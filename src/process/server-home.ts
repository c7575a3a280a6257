import { readdir, readFile, readlink, realpath } from 'node:fs/promises';
import { isIPv4, isIPv6 } from 'node:net';
import { networkInterfaces } from 'node:os';
import { basename, join, resolve } from 'node:path';

/**
 * The `CODEX_HOME` of the app-server at `address`, which is what `--remote` was given: the server writes the session files
 * of its clients there. It is read from the environment of the process that listens at the address. Undefined where that
 * process cannot be seen (another machine, user, container or system than Linux) or is no Codex, as at the near end of an
 * SSH tunnel. `codexHome` is the client's own, which has the socket of `unix://` without a path. Never rejects.
 */
export async function findServerHome(address: string, codexHome: string): Promise<string | undefined> {
  const endpoint = parseAddress(address, codexHome);
  const pid = endpoint && (await findListener(endpoint, 'codex'));
  return pid === undefined ? undefined : await readHomeOf(pid).catch(() => undefined);
}

/** `ws://HOST:PORT`, `wss://HOST:PORT`, `unix://PATH` or `unix://`; undefined for anything else (0.171). */
export function parseAddress(address: string, codexHome: string): Endpoint | undefined {
  const path = /^unix:\/\/(.*)$/s.exec(address)?.[1];
  if (path !== undefined) {
    const defaultPath = join(codexHome, 'app-server-control', 'app-server-control.sock');
    return { kind: 'unix', path: path === '' ? defaultPath : resolve(path) };
  }
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url?.protocol !== 'ws:' && url?.protocol !== 'wss:') return undefined;
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  const port = Number(url.port || (url.protocol === 'wss:' ? 443 : 80));
  return { kind: 'tcp', addresses: listOwnAddresses(host), port };
}

/** Rejects where the process is gone, or is not this user's. */
async function readHomeOf(pid: number): Promise<string | undefined> {
  // A server in another container has other paths than this process.
  const [its, ours] = await Promise.all([pid, 'self'].map((process) => readlink(`/proc/${process}/ns/mnt`)));
  if (its !== ours) return undefined;
  const variables = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0');
  const readVariable = (name: string) => variables.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
  const home = readVariable('HOME');
  const codexHome = readVariable('CODEX_HOME') || (home && join(home, '.codex'));
  return codexHome && resolve(await readlink(`/proc/${pid}/cwd`), codexHome);
}

/** An address at which a program listens on this machine: a port of some addresses, or a socket in the file system. */
export type Endpoint =
  | { readonly kind: 'tcp'; readonly addresses: readonly string[]; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string };

/** The state of a socket that listens, in `/proc/net/tcp`. */
const LISTENS = '0A';
/** The flag of a socket that accepts connections, in `/proc/net/unix`. */
const ACCEPTS = 0x10000;

/**
 * Finds the process of the program `program` (the name of its file) that listens at `endpoint`. Undefined on other systems
 * than Linux, and when another program, another user or another machine listens. Never rejects.
 */
export async function findListener(endpoint: Endpoint, program: string): Promise<number | undefined> {
  if (process.platform !== 'linux') return undefined;
  const inodes = await (endpoint.kind === 'tcp' ? findPortInodes(endpoint) : findSocketInodes(endpoint.path)).catch(
    () => [],
  );
  if (inodes.length === 0) return undefined;
  const pids = await listProcesses(program);
  for (const inode of inodes) {
    for (const { pid, links } of pids) if (links.includes(`socket:[${inode}]`)) return pid;
  }
  return undefined;
}

/** Returns the addresses of this machine that `host` names: none for another machine, or for a name that needs DNS. */
function listOwnAddresses(host: string): string[] {
  if (host === 'localhost') return ['127.0.0.1', '::1'];
  if (host === '::1' || (isIPv4(host) && host.startsWith('127.'))) return [host];
  const ours = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? []);
  return ours.some(({ address }) => address === host) ? [host] : [];
}

async function findPortInodes({ addresses, port }: Endpoint & { kind: 'tcp' }): Promise<string[]> {
  if (addresses.length === 0) return [];
  // What listens on all addresses listens on each of them.
  const wanted = [...addresses, '0.0.0.0', '::'].map((address) => `${toHex(address)}:${portToHex(port)}`);
  const tables = await Promise.all(
    ['tcp', 'tcp6'].map((name) => readFile(`/proc/net/${name}`, 'utf8').catch(() => '')),
  );
  const found = tables
    .flatMap((table) => table.split('\n'))
    .flatMap((line) => {
      const [, local = '', , state, , , , , , inode] = line.trim().split(/\s+/);
      return state === LISTENS && inode && wanted.includes(local) ? [{ local, inode }] : [];
    });
  // The listener on the address itself goes before one on all addresses: the system asks them in this order.
  return found.sort((a, b) => wanted.indexOf(a.local) - wanted.indexOf(b.local)).map(({ inode }) => inode);
}

/** Codex 0.171 makes the path that it was given a link to a socket in the system's temporary folder. */
async function findSocketInodes(path: string): Promise<string[]> {
  const wanted = await realpath(path);
  const inodes: string[] = [];
  for (const line of (await readFile('/proc/net/unix', 'utf8')).split('\n')) {
    const [, , , flags = '', , , inode, ...name] = line.split(/\s+/);
    const bound = name.join(' ');
    if (!inode || !bound.startsWith('/') || (Number.parseInt(flags, 16) & ACCEPTS) === 0) continue;
    if (bound === wanted || (await realpath(bound).catch(() => undefined)) === wanted) inodes.push(inode);
  }
  return inodes;
}

/** Lists the processes of a program with the files that they have open. Other processes are not examined, because there may be thousands. */
async function listProcesses(program: string): Promise<{ pid: number; links: string[] }[]> {
  const pids = (await readdir('/proc').catch(() => [])).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid) => {
      const file = await readlink(`/proc/${pid}/exe`).catch(() => '');
      if (basename(file.replace(/ \(deleted\)$/, '')) !== program) return [];
      const fds = await readdir(`/proc/${pid}/fd`).catch(() => []);
      const links = await Promise.all(fds.map((fd) => readlink(`/proc/${pid}/fd/${fd}`).catch(() => '')));
      return [{ pid: Number(pid), links }];
    }),
  );
  return found.flat();
}

function portToHex(port: number): string {
  return port.toString(16).toUpperCase().padStart(4, '0');
}

/** As the kernel writes an address: words of four bytes, each in the machine's order, which is little-endian here. */
function toHex(address: string): string {
  const bytes = isIPv6(address) ? parseIPv6(address) : address.split('.').map(Number);
  const words = Array.from({ length: bytes.length / 4 }, (_, word) => bytes.slice(word * 4, word * 4 + 4).reverse());
  return words
    .flat()
    .map((byte) => byte.toString(16).toUpperCase().padStart(2, '0'))
    .join('');
}

function parseIPv6(address: string): number[] {
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const [left, right] = [head, tail ?? ''].map((part) => (part === '' ? [] : part.split(':')));
  const groups = [
    ...(left ?? []),
    ...Array(8 - (left?.length ?? 0) - (right?.length ?? 0)).fill('0'),
    ...(right ?? []),
  ];
  return groups.flatMap((group) => {
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}
