import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { untilRunsAreSettled } from '../../src/meter/settling.js';
import { createFolder, createStore, START, sampleInvocation } from '../store/samples.js';

/** No process has it. */
const DEAD = 2 ** 22 - 1;
const LONG_MS = 30_000;
const COMPLETED = { status: 'completed', endedAtMs: START + 5000 } as const;

function recordRun(pids: { codexPid: number | undefined; meterPid: number }) {
  const store = createStore(join(createFolder(), 'usage.db'));
  const invocation = { ...sampleInvocation('run'), startedAtMs: Date.now(), ...pids };
  store.record({ invocation });
  return { store, settle: () => store.record({ invocation, update: COMPLETED }) };
}

describe('whoever reads the record', () => {
  it('waits for a run whose Codex has ended while its meter still writes', async () => {
    const { store, settle } = recordRun({ codexPid: DEAD, meterPid: process.pid });
    let isSettled = false;
    const waiting = untilRunsAreSettled(store, LONG_MS).then(() => expect(isSettled).toBe(true));
    setImmediate(() => {
      settle();
      isSettled = true;
    });
    await waiting;
  });

  it('waits no longer than it was told to', async () => {
    const { store } = recordRun({ codexPid: DEAD, meterPid: process.pid });
    await untilRunsAreSettled(store, 30);
    expect(store.listOpenInvocations()).toHaveLength(1);
  });

  it.each([
    ['whose Codex still works', { codexPid: process.pid, meterPid: process.pid }],
    ['whose meter was killed', { codexPid: DEAD, meterPid: DEAD }],
    ['whose Codex is not known', { codexPid: undefined, meterPid: process.pid }],
  ])('does not wait for a run %s', async (_, pids) => {
    const { store } = recordRun(pids);
    const startedAt = performance.now();
    await untilRunsAreSettled(store, LONG_MS);
    expect(performance.now() - startedAt).toBeLessThan(LONG_MS);
    expect(store.listOpenInvocations()).toHaveLength(1);
  });
});
