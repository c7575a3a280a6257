import { connect, createServer, type Socket } from 'node:net';

/** After how many bytes of each connection: those that its client sends, or those that it receives. */
export interface After {
  readonly sent?: number;
  readonly received?: number;
}

export interface CuttingProxy {
  readonly port: number;
  /** The bytes of the last connection that have been passed on, by direction. */
  readonly tape: { readonly sent: Buffer; readonly received: Buffer };
  /** How many connections have been cut. */
  readonly cuts: number;
  /** How often a connection was stopped, after it had passed on what was to come before. */
  readonly holds: number;
  /** Cuts every connection from now on after so many bytes. Undefined: none. */
  cutAfter(limit: After | undefined): void;
  /** Stops every connection from now on after so many bytes, without cutting it. Undefined: none, and those that were stopped go on. */
  holdAfter(limit: After | undefined): void;
  close(): Promise<void>;
}

/**
 * Passes connections on to a port of 127.0.0.1, and cuts or stops them like a network that fails: at an exact byte, in either direction,
 * without a goodbye. What comes before that byte arrives, what comes after it does not.
 */
export async function startCuttingProxy(toPort: number): Promise<CuttingProxy> {
  let limit: After = {};
  let action: 'cut' | 'hold' = 'cut';
  let tape = { sent: Buffer.alloc(0), received: Buffer.alloc(0) };
  let [cuts, holds] = [0, 0];
  const sockets = new Set<Socket>();
  const held = new Set<() => void>();
  const proxy = createServer((client) => {
    const server = connect(toPort, '127.0.0.1');
    const [of, isCut] = [limit, action === 'cut'];
    tape = { sent: Buffer.alloc(0), received: Buffer.alloc(0) };
    const bytes = tape;
    const end = () => {
      for (const socket of [client, server]) socket.destroy();
    };
    const pass = (from: Socket, to: Socket, direction: keyof After) => {
      let left = of[direction] ?? Number.POSITIVE_INFINITY;
      let withheld: Buffer[] | undefined;
      const put = (part: Buffer, done?: () => void) => {
        bytes[direction] = Buffer.concat([bytes[direction], part]);
        to.write(part, done);
      };
      const stop = (part: Buffer, rest: Buffer) => {
        withheld = [rest];
        put(part, () => holds++);
        held.add(() => {
          for (const bytesLeft of withheld ?? []) put(bytesLeft);
          [withheld, left] = [undefined, Number.POSITIVE_INFINITY];
        });
      };
      from.on('data', (chunk) => {
        if (withheld) return void withheld.push(chunk);
        if (chunk.length < left) {
          left -= chunk.length;
          return put(chunk);
        }
        const [part, rest] = [chunk.subarray(0, left), chunk.subarray(left)];
        if (!isCut) return stop(part, rest);
        cuts++;
        // The bytes before the cut reach their reader first.
        from.pause();
        put(part, end);
      });
    };
    pass(client, server, 'sent');
    pass(server, client, 'received');
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.setNoDelay(true);
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
    get tape() {
      return tape;
    },
    get cuts() {
      return cuts;
    },
    get holds() {
      return holds;
    },
    cutAfter(after) {
      [limit, action] = [after ?? {}, 'cut'];
    },
    holdAfter(after) {
      [limit, action] = [after ?? {}, 'hold'];
      if (after) return;
      for (const release of held) release();
      held.clear();
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => void proxy.close(resolve));
    },
  };
}

/**
 * After how many bytes messages of PostgreSQL's protocol end: each is a byte that says what it is, and a length of four bytes that counts
 * itself. The first message of a client has no such byte. https://www.postgresql.org/docs/current/protocol-message-formats.html
 */
export function listBorders(tape: Buffer, direction: keyof After): number[] {
  const borders: number[] = [];
  for (let at = 0; at < tape.length; ) {
    const typeBytes = direction === 'sent' && at === 0 ? 0 : 1;
    at += typeBytes + tape.readInt32BE(at + typeBytes);
    borders.push(at);
  }
  return borders;
}

/** How many bytes a client receives until the server is ready for its first statement. */
export function countLoginBytes(received: Buffer): number {
  const borders = [0, ...listBorders(received, 'received')];
  const index = borders.findIndex((border) => received[border] === 'Z'.charCodeAt(0));
  return borders[index + 1] ?? received.length;
}
