import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catchUp } from '../../src/cli/catch-up.js';
import type { Log } from '../../src/log.js';
import { createPriceBook } from '../../src/pricing/prices.js';
import { Mirror } from '../../src/store/mirror.js';
import { keepPending } from '../../src/store/pending.js';
import { createFolder, createStore, sampleInvocation, sampleResponse } from '../store/samples.js';

/** A database, what is kept aside beside it, and a log that is remembered. */
function createMachine() {
  const folder = createFolder();
  const pending = { pendingDirectory: join(folder, 'pending'), spareDirectory: join(folder, 'spare') };
  mkdirSync(pending.pendingDirectory);
  const store = createStore();
  const warnings: string[] = [];
  const log: Log = { warn: (message) => void warnings.push(message), flush: async () => undefined };
  const mirror = new Mirror({ costRecords: undefined, mirrorDirectory: join(folder, 'mirror') }, log);
  const prices = createPriceBook();
  return {
    ...{ store, pending, warnings },
    catchUp: () => catchUp({ store: mirror.watch(store), pending, mirror, prices, log }),
    list: (sql: string) => store.connection.prepare<[], string>(sql).pluck().all(),
  };
}

describe('what was kept aside', () => {
  it.fails('is recorded, though an entry beside it holds a value that SQLite refuses', async () => {
    const machine = createMachine();
    const change = { invocation: sampleInvocation('bad'), responses: [{ ...sampleResponse('r'), completedAtMs: 1.5 }] };
    writeFileSync(join(machine.pending.pendingDirectory, 'bad-1.json'), JSON.stringify({ version: 1, change }));
    keepPending(machine.pending, { invocation: sampleInvocation('good'), update: { status: 'completed' } });
    await machine.catchUp();
    expect(machine.list('SELECT id FROM invocations')).toEqual(['good']);
  });
});
