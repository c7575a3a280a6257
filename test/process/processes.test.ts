import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { startShellOnTerminal } from '../harness/terminal.js';
import { test } from '../harness/test.js';
import { waitFor } from '../harness/wait.js';

const PROCESSES = fileURLToPath(new URL('../../src/process/processes.ts', import.meta.url));
const TSX = import.meta.resolve('tsx');

test.for(['linux', 'darwin'] as const)(
  'a job of a shell is told from what a program has a terminal for, as on %s',
  async (platform, { bench }) => {
    const script = join(bench.folder, 'job.mjs');
    writeFileSync(
      script,
      `import { startedByShell } from ${JSON.stringify(PROCESSES)};
      console.log('job ' + startedByShell(${JSON.stringify(platform)}));`,
    );
    const command = `'${process.execPath}' --import '${TSX}' '${script}'`;
    const shell = startShellOnTerminal(bench);
    shell.type(`${command}\n`);
    expect(await waitFor('the answer', () => /job (true|false)/.exec(shell.screen())?.[1])).toBe('true');
    shell.type('exit\n');
    await shell.ended;
    expect((await startShellOnTerminal(bench, { script: `${command}; true` }).ended).screen).toContain('job false');
  },
);
