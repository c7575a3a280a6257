import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';

/** The address of a collector that another process of ours is going to answer at. */
export interface OtlpListener {
  readonly endpoint: string;
  /** The socket, which that process inherits. Connections wait in it until they are taken. */
  readonly fd: number;
  /** The other process has it. */
  release(): void;
}

/** Takes a free port of 127.0.0.1. Rejects when there is none. */
export async function openOtlpListener(): Promise<OtlpListener> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  const { port } = server.address() as AddressInfo;
  return {
    endpoint: `http://127.0.0.1:${port}/v1/logs`,
    fd: descriptorOf(server),
    release: () => void server.close(),
  };
}

/** Node keeps it to itself, and offers no other way to hand a socket that listens down to a child. */
function descriptorOf(server: Server): number {
  const fd = (server as unknown as { readonly _handle?: { readonly fd?: number } })._handle?.fd;
  if (fd === undefined || fd < 0) throw new Error('the socket cannot be handed down');
  return fd;
}
