import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { askFleetSpent } from '../../src/fleet/spent.js';
import { isAlive } from '../../src/process/processes.js';
import { waitFor } from '../harness/wait.js';
import { createFolder } from '../store/samples.js';
import { targetOf } from './cuts.js';

it('gives up a password_command that does not answer in time, and ends it', async () => {
  const written = join(createFolder(), 'pid');
  const program = `require('node:fs').writeFileSync(${JSON.stringify(written)}, String(process.pid)); setInterval(() => {}, 1000)`;
  const startedAtMs = Date.now();
  const answer = await askFleetSpent(
    targetOf('postgres://reader@127.0.0.1:1/usage', { passwordCommand: [process.execPath, '-e', program] }),
    {
      ...{ projectId: 'shop', periods: [{ startMs: 0, endMs: 1 }], env: {}, password: undefined },
      // Enough for the program to start on a busy machine.
      patienceMs: 3000,
    },
  );
  expect(answer).toBe('work has not answered within 3000 ms');
  const pid = Number(readFileSync(written, 'utf8'));
  await waitFor('the end of the program', () => !isAlive(pid, startedAtMs));
});
