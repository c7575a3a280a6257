import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** `exact`: that port or none. `first`: that one or one of those after it. Port 0 is any that is free. */
export interface PortWish {
  readonly port: number;
  readonly insist: 'exact' | 'first';
}

/** The port cannot be used. `message` says why and what to do. */
export class PortError extends Error {
  override readonly name = 'PortError';
}

const LOOPBACK = '127.0.0.1';
const ATTEMPTS = 20;
/** Connections that may wait to be accepted: a burst of requests is not turned away. */
const BACKLOG = 4096;

/** Makes `server` listen on loopback. Says which ports it found taken before. Throws a PortError. */
export async function listen(server: Server, wish: PortWish): Promise<{ port: number; taken: number[] }> {
  const taken: number[] = [];
  const last = wish.insist === 'exact' ? wish.port : Math.min(65_535, wish.port + ATTEMPTS - 1);
  for (let port = wish.port; port <= last; port++) {
    const problem = await attempt(server, port);
    if (problem === undefined) return { port: (server.address() as AddressInfo).port, taken };
    if (problem === 'EACCES') {
      throw new PortError(`Port ${port} needs rights that you do not have: choose one above 1023 with --port.`);
    }
    if (problem !== 'EADDRINUSE') {
      throw new PortError(`Port ${port} cannot be used (${problem}): choose another with --port.`);
    }
    taken.push(port);
  }
  throw new PortError(
    wish.insist === 'exact'
      ? `Port ${wish.port} is taken by another program: choose another with --port, or leave it out to get the next free one.`
      : `The ports from ${wish.port} to ${last} are all taken: choose another with --port.`,
  );
}

async function attempt(server: Server, port: number): Promise<string | undefined> {
  server.listen({ host: LOOPBACK, port, exclusive: true, backlog: BACKLOG });
  try {
    await once(server, 'listening');
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}
