import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, createReadStream, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { relay } from '../../src/process/relay.js';
import { createFolder } from '../store/samples.js';

/** A file to relay to, and what is in it. */
function openTarget() {
  const path = join(createFolder(), 'target');
  const fd = openSync(path, 'w');
  onTestFinished(() => closeSync(fd));
  return { fd, read: () => readFileSync(path, 'utf8') };
}

/** Nothing else happens meanwhile: no event, no timer. */
function holdUpFor(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

describe('a relay', () => {
  test('copies every chunk in order and shows it to the observer', async () => {
    const target = openTarget();
    const source = new PassThrough();
    const seen: string[] = [];
    const { done } = relay(source, target.fd, (chunk) => void seen.push(chunk.toString()));
    for (const text of ['one ', 'two ', 'three']) source.write(text);
    source.end();
    await done;
    expect(target.read()).toBe('one two three');
    expect(seen.join('')).toBe('one two three');
  });

  test('gives up a source from which nothing comes for too long', async () => {
    const target = openTarget();
    const source = new PassThrough();
    const { done, endWhenSilent } = relay(source, target.fd, () => undefined);
    source.write('last words');
    endWhenSilent(50);
    await done;
    expect(source.destroyed).toBe(true);
    expect(target.read()).toBe('last words');
  });

  test('does not take for silence that our own event loop was held up', async () => {
    const target = openTarget();
    const child = spawn('sh', ['-c', 'printf first; read line; printf last'], { stdio: ['pipe', 'pipe', 'ignore'] });
    const relayed = relay(child.stdout, target.fd, () => undefined);
    await once(child.stdout, 'data');
    const exited = once(child, 'exit');
    relayed.endWhenSilent(200);
    await new Promise((resolve) => setTimeout(resolve, 50));
    // The child writes its last word while nothing can be read.
    child.stdin.end('go\n');
    await new Promise((resolve) => setImmediate(resolve));
    holdUpFor(600);
    await Promise.all([relayed.done, exited]);
    expect(target.read()).toBe('firstlast');
  });

  test('waits for a slow reader, unless it is in a hurry', async () => {
    const folder = createFolder();
    const path = join(folder, 'pipe');
    execFileSync('mkfifo', [path]);
    const fd = openSync(path, constants.O_RDWR);
    onTestFinished(() => closeSync(fd));
    const source = new PassThrough({ highWaterMark: 1024 * 1024 });
    const relayed = relay(source, fd, () => undefined);
    source.end(Buffer.alloc(200_000));
    relayed.endWhenSilent(50);
    const patience = new Promise((resolve) => setTimeout(resolve, 300, 'still waiting'));
    expect(await Promise.race([relayed.done, patience])).toBe('still waiting');
    expect(relayed.gaveUp()).toBe(false);
    relayed.hurry();
    await relayed.done;
    expect(relayed.gaveUp()).toBe(true);
    // Whoever reads now has what there was room for; the write that is under way can end.
    const reader = createReadStream(path);
    let bytes = 0;
    for await (const chunk of reader) {
      bytes += (chunk as Buffer).length;
      if (bytes === 200_000) break;
    }
  });

  test('closes its source when the target takes nothing more', async () => {
    const source = new PassThrough();
    const path = join(createFolder(), 'read-only');
    closeSync(openSync(path, 'w'));
    const fd = openSync(path, 'r');
    onTestFinished(() => closeSync(fd));
    const { done } = relay(source, fd, () => undefined);
    source.write('nobody can have this');
    await done;
    expect(source.destroyed).toBe(true);
  });
});
