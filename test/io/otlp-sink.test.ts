import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type OtlpSink, openOtlpSink, type SinkLimits } from '../../src/io/otlp-sink.js';
import { waitFor } from '../harness/wait.js';

const SECRET = { header: 'x-secret', value: 'a secret of this run' };
async function openSink(limits: Partial<SinkLimits> = {}) {
  const sink = await openOtlpSink({ secret: SECRET, limits });
  onTestFinished(() => sink.close());
  const bodies: string[] = [];
  sink.onBody((body) => bodies.push(body));
  return { sink, bodies, refused: () => Object.fromEntries(sink.refused) };
}

async function post(
  { endpoint }: Pick<OtlpSink, 'endpoint'>,
  body: string,
  headers: Record<string, string> = { [SECRET.header]: SECRET.value },
): Promise<number> {
  return (await fetch(endpoint, { method: 'POST', body, headers })).status;
}

/** A connection by hand, so that a test decides what is sent and when. */
async function connectTo(sink: OtlpSink): Promise<Socket> {
  const socket = connect(Number(new URL(sink.endpoint).port), '127.0.0.1');
  socket.on('error', () => undefined);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

/** Waits for the end of a connection, by an error or without. */
async function closing(socket: Socket): Promise<void> {
  await waitFor('the end of a connection', () => socket.closed);
}

function requestHead(bytes: number): string {
  return `POST /v1/logs HTTP/1.1\r\nhost: here\r\n${SECRET.header}: ${SECRET.value}\r\ncontent-length: ${bytes}\r\n\r\n`;
}

describe('a telemetry sink', () => {
  test('hands over what came before somebody listened, then the rest, in order', async () => {
    const sink = await openOtlpSink({ secret: SECRET });
    onTestFinished(() => sink.close());
    expect(await post(sink, 'first')).toBe(200);
    const bodies: string[] = [];
    sink.onBody((body) => bodies.push(body));
    expect(await post(sink, 'second')).toBe(200);
    expect(bodies).toEqual(['first', 'second']);
    expect(sink.refused.size).toBe(0);
  });

  test.for<[what: string, headers: Record<string, string>]>([
    ['no secret', {}],
    ['an empty one', { [SECRET.header]: '' }],
    ['another one', { [SECRET.header]: SECRET.value.replace('a', 'b') }],
    ['a part of it', { [SECRET.header]: SECRET.value.slice(1) }],
  ])('takes nothing from one who shows %s, and counts it', async ([, headers]) => {
    const { sink, bodies, refused } = await openSink();
    expect(await post(sink, 'x', headers)).toBe(403);
    await post(sink, 'ours');
    expect(bodies).toEqual(['ours']);
    expect(refused()).toEqual({ 'it did not come from this Codex': 1 });
  });

  test('takes nothing on another path', async () => {
    const { sink, bodies, refused } = await openSink();
    expect(await post({ endpoint: sink.endpoint.replace('/v1/logs', '/v1/traces') }, 'x')).toBe(403);
    expect(bodies).toEqual([]);
    expect(refused()).toEqual({ 'it was no report of logs': 1 });
  });

  test('drops a body that is longer than the bound, and goes on', async () => {
    const { sink, bodies, refused } = await openSink({ bodyBytes: 1000 });
    await expect(post(sink, 'x'.repeat(1001))).rejects.toThrow();
    expect(await post(sink, 'y'.repeat(1000))).toBe(200);
    expect(bodies).toEqual(['y'.repeat(1000)]);
    expect(refused()).toEqual({ 'it was too long': 1 });
  });

  test('drops a sender that takes too long, though it never stops', async () => {
    const { sink, bodies, refused } = await openSink({ requestMs: 200 });
    const socket = await connectTo(sink);
    socket.write(requestHead(1_000_000));
    const dripping = setInterval(() => socket.write('x'), 10);
    await closing(socket);
    clearInterval(dripping);
    await waitFor('the refusal', () => sink.refused.size > 0);
    expect(refused()).toEqual({ 'it took too long': 1 });
    expect(bodies).toEqual([]);
  });

  test('counts a report that was cut off', async () => {
    const { sink, refused } = await openSink();
    const socket = await connectTo(sink);
    socket.write(`${requestHead(100)}half`);
    await new Promise((resolve) => setImmediate(resolve));
    socket.destroy();
    await waitFor('the refusal', () => sink.refused.size > 0);
    expect(refused()).toEqual({ 'it was cut off': 1 });
  });

  test('puts out who connects and says nothing, or never ends its headers', async () => {
    const { sink, refused } = await openSink({ strangerMs: 100 });
    const silent = await connectTo(sink);
    const dripping = await connectTo(sink);
    dripping.write('POST /v1/logs HTTP/1.1\r\n');
    const drip = setInterval(() => dripping.write('x: y\r\n'), 10);
    await Promise.all([closing(silent), closing(dripping)]);
    clearInterval(drip);
    expect(refused()).toEqual({ 'it said nothing': 2 });
    expect(await post(sink, 'ours')).toBe(200);
  });

  test('serves Codex while others hold as many connections as they can', async () => {
    const { sink, bodies, refused } = await openSink({ strangers: 4 });
    const first = await connectTo(sink);
    const others = await Promise.all(Array.from({ length: 4 }, () => connectTo(sink)));
    await closing(first);
    expect(await post(sink, 'ours')).toBe(200);
    expect(bodies).toEqual(['ours']);
    expect(others.filter(({ closed }) => !closed).length).toBeLessThanOrEqual(4);
    expect(refused()['there were too many connections']).toBeGreaterThan(0);
  });

  test('leaves a connection open that has shown the secret', async () => {
    const { sink, bodies } = await openSink({ strangerMs: 100 });
    const socket = await connectTo(sink);
    socket.write(`${requestHead(3)}one`);
    await waitFor('the first', () => bodies.length === 1);
    const stranger = await connectTo(sink);
    // It was opened after ours, and is put out.
    await closing(stranger);
    socket.write(`${requestHead(3)}two`);
    await waitFor('the second', () => bodies.length === 2);
  });

  test('takes what was sent before its sender was killed and it was closed', async () => {
    const { sink, bodies } = await openSink();
    const socket = await connectTo(sink);
    await new Promise((resolve) => socket.end(`${requestHead(4)}last`, () => resolve(undefined)));
    await sink.close();
    expect(bodies).toEqual(['last']);
  });

  test('does not wait long for those that stay', async () => {
    const { sink } = await openSink({ drainMs: 50 });
    await connectTo(sink);
    const beganAt = performance.now();
    await sink.close();
    expect(performance.now() - beganAt).toBeLessThan(1000);
  });
});
