import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { createLineSplitter } from './lines.js';

/** Sends messages between two of our processes, each as a line of JSON. Nothing waits for the other process. */
export interface MessageLink<Sent> {
  /** Returns false when too much waits already and the message is dropped. An `important` message is never dropped. */
  send(message: Sent, importance?: 'usual' | 'important'): boolean;
  /** Resolves when the other process has closed the link or ended. */
  readonly closed: Promise<void>;
}

/** The most that may wait for a process that does not read. */
const WAITING_LIMIT_BYTES = 1024 * 1024;

/** `onMessage` gets the messages of the other side. A line that is no JSON is skipped: both sides are ours. */
export function openMessageLink<Sent, Received>(
  socket: Socket,
  onMessage: (message: Received) => void,
): MessageLink<Sent> {
  const lines = createLineSplitter({
    onLine(line) {
      const message = parseMessage<Received>(line);
      if (message !== undefined) onMessage(message);
    },
  });
  socket.on('data', (chunk: Buffer) => lines.push(chunk));
  // A socket that has an error closes, which is handled like any other end.
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => resolve());
  });
  return {
    send(message, importance = 'usual') {
      if (socket.destroyed || (importance === 'usual' && socket.writableLength > WAITING_LIMIT_BYTES)) return false;
      socket.write(`${JSON.stringify(message)}\n`);
      return true;
    },
    closed,
  };
}

/**
 * The same for the process that was started, at the descriptor `fd` that it has inherited. It writes past the socket, which small
 * and rare messages allow: when the other side is gone, a failed write of the socket would discard what is still to be read.
 */
export function openInheritedLink<Sent, Received>(
  fd: number,
  onMessage: (message: Received) => void,
): MessageLink<Sent> {
  const { closed } = openMessageLink<Sent, Received>(new Socket({ fd }), onMessage);
  return {
    send(message) {
      try {
        writeSync(fd, `${JSON.stringify(message)}\n`);
        return true;
      } catch {
        return false;
      }
    },
    closed,
  };
}

function parseMessage<Received>(line: string): Received | undefined {
  try {
    return JSON.parse(line) as Received;
  } catch {
    return undefined;
  }
}
