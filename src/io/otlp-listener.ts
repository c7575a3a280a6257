import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';

/** The address of a collector of telemetry, at which another process of ours will answer. */
export interface OtlpListener {
  readonly endpoint: string;
  /** The socket that the other process inherits. Connections wait in it until that process accepts them. */
  readonly fd: number;
  /** Closes the socket here, once the other process has it. */
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

/** Node has no public way to hand a listening socket down to a child. */
function descriptorOf(server: Server): number {
  const fd = (server as unknown as { readonly _handle?: { readonly fd?: number } })._handle?.fd;
  if (fd === undefined || fd < 0) throw new Error('the socket cannot be handed down');
  return fd;
}
