import { connect, createServer, type Socket } from 'node:net';

export interface CuttingProxy {
  readonly port: number;
  /** Bytes of the client that have been passed on to the server by all connections, and bytes of the server to clients. */
  readonly passed: { sent: number; received: number };
  /** How many connections have been cut. */
  readonly cuts: number;
  /** Cuts every connection from now on after so many bytes: `sent` by its client, or `received` by it. Undefined: none. */
  cutAfter(limit: { readonly sent?: number; readonly received?: number } | undefined): void;
  close(): Promise<void>;
}

/**
 * Passes connections on to a port of 127.0.0.1, and cuts them like a network that fails: at an exact byte, in either direction,
 * without a goodbye. What comes before that byte arrives, what comes after it does not.
 */
export async function startCuttingProxy(toPort: number): Promise<CuttingProxy> {
  let limits: { readonly sent?: number; readonly received?: number } = {};
  const passed = { sent: 0, received: 0 };
  let cuts = 0;
  const sockets = new Set<Socket>();
  const proxy = createServer((client) => {
    const server = connect(toPort, '127.0.0.1');
    const { sent = Number.POSITIVE_INFINITY, received = Number.POSITIVE_INFINITY } = limits;
    let cut = false;
    const end = () => {
      for (const socket of [client, server]) socket.destroy();
    };
    const pass = (from: Socket, to: Socket, direction: 'sent' | 'received', limit: number) => {
      let left = limit;
      from.on('data', (chunk) => {
        const part = chunk.subarray(0, left);
        left -= part.length;
        passed[direction] += part.length;
        if (left > 0 || cut) return void to.write(part);
        cut = true;
        cuts++;
        // The bytes before the cut reach their reader first.
        to.write(part, end);
      });
    };
    pass(client, server, 'sent', sent);
    pass(server, client, 'received', received);
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on('error', end).on('close', () => {
        sockets.delete(socket);
        end();
      });
    }
  });
  await new Promise<void>((resolve) => void proxy.listen(0, '127.0.0.1', resolve));
  const address = proxy.address();
  if (typeof address !== 'object' || address === null) throw new Error('the proxy has no port');
  return {
    port: address.port,
    passed,
    get cuts() {
      return cuts;
    },
    cutAfter(limit) {
      limits = limit ?? {};
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => void proxy.close(resolve));
    },
  };
}
