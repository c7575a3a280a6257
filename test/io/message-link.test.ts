import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { openMessageLink } from '../../src/io/message-link.js';
import { waitFor } from '../harness/wait.js';

/** A process that is handed the other end as descriptor 3. */
function startOther(script: string): { pid: number; socket: Socket; exited: Promise<unknown> } {
  const child = spawn(process.execPath, ['-e', script], { stdio: ['ignore', 'ignore', 'inherit', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return { pid: child.pid ?? 0, socket: child.stdio[3] as Socket, exited: once(child, 'exit') };
}

const ECHO = `const socket = new (require('node:net').Socket)({ fd: 3 }); socket.pipe(socket);`;

test('messages come through in order, in both directions, however they are cut', async () => {
  const received: unknown[] = [];
  const link = openMessageLink<object, object>(startOther(ECHO).socket, (message) => received.push(message));
  const sent = Array.from({ length: 300 }, (_, n) => ({ n, text: `grüße\n${'x'.repeat(n * 10)}` }));
  for (const message of sent) expect(link.send(message)).toBe(true);
  await waitFor('the echo', () => received.length === sent.length);
  expect(received).toEqual(sent);
});

test('what the other side does not take is dropped from 1 MB on, but for what is important; nothing waits', async () => {
  const { pid, socket } = startOther(ECHO);
  process.kill(pid, 'SIGSTOP');
  const link = openMessageLink<object, object>(socket, () => undefined);
  const startedAt = performance.now();
  const taken = Array.from({ length: 100 }, () => link.send({ text: 'x'.repeat(100_000) })).filter(Boolean);
  expect(taken.length).toBeGreaterThan(5);
  expect(taken.length).toBeLessThan(20);
  expect(link.send({ text: 'the end' }, 'important')).toBe(true);
  expect(performance.now() - startedAt).toBeLessThan(1000);
});

test('the end of the other process is reported, and what is sent then is dropped', async () => {
  const link = openMessageLink<object, object>(startOther('').socket, () => undefined);
  await link.closed;
  expect(link.send({ text: 'too late' }, 'important')).toBe(false);
});
