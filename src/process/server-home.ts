import { readFile, readlink } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type Endpoint, findListener, listOwnAddresses } from './listener.js';

/**
 * The `CODEX_HOME` of the app-server at `address`, which is what `--remote` was given: the server writes the session files
 * of its clients there. It is read from the environment of the process that listens at the address. Undefined where that
 * process cannot be seen (another machine, user, container or system than Linux) or is no Codex, as at the near end of an
 * SSH tunnel. `codexHome` is the client's own, in which the socket `unix://` without a path lies. Never rejects.
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
  // In a container of its own, its paths are not ours.
  const [its, ours] = await Promise.all([pid, 'self'].map((process) => readlink(`/proc/${process}/ns/mnt`)));
  if (its !== ours) return undefined;
  const variables = (await readFile(`/proc/${pid}/environ`, 'utf8')).split('\0');
  const readVariable = (name: string) => variables.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
  const home = readVariable('HOME');
  const codexHome = readVariable('CODEX_HOME') || (home && join(home, '.codex'));
  return codexHome && resolve(await readlink(`/proc/${pid}/cwd`), codexHome);
}
