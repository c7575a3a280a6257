import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { createLineSplitter } from './lines.js';

/** Messages to another process of ours and back, each a line of JSON. Nothing waits for the other side to take them. */
export interface MessageLink<Sent> {
  /** False where so much waits already that the message is dropped. An `important` one is sent all the same. */
  send(message: Sent, importance?: 'usual' | 'important'): boolean;
  /** Resolves when the other side is gone. */
  readonly closed: Promise<void>;
}

/** What may wait for a process that does not read. */
const WAITING_LIMIT_BYTES = 1024 * 1024;

/** `onMessage` gets what the other side says. A line that is no message is passed over: both sides are ours. */
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
  // It closes, too.
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
 * The same for the process that was started, at the descriptor `fd` that was handed down to it. What it sends is small and
 * rare, and is written past the socket: a write that fails because the other side is gone would take with it what that side
 * has said before, and what is still to be read.
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
