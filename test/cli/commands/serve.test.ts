import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it, onTestFinished } from 'vitest';
import { runUsage } from '../../harness/codex-usage.js';
import { waitFor } from '../../harness/wait.js';
import { USAGE } from '../../harness/workbench.js';
import { createFolder, createStore, sampleInvocation, sampleResponse } from '../../store/samples.js';

describe('codex-usage serve', () => {
  it('serves a page for a new user, and ends in order although the page listens', async () => {
    const served = await serve(['--port', '0']);
    expect(existsSync(served.database)).toBe(true);
    const page = await fetch(served.url);
    expect(await page.text()).toContain('<title>codex-usage</title>');
    for (const asset of ['main.js', 'main.css']) {
      expect((await fetch(new URL(`/assets/${asset}`, served.url))).status).toBe(200);
    }
    const events = await fetch(new URL('/api/events', served.url));
    const heard = text(events.body as never).catch(() => 'cut off');
    served.child.kill('SIGINT');
    expect(await served.ended).toEqual([0, null]);
    await heard;
    expect(served.printed.stderr).toContain('Stopped.');
  });

  it('says which port is taken, and takes the next', async () => {
    const first = await serve([]);
    const second = await serve([]);
    expect(second.printed.stderr).toMatch(/Port \d+ is taken by another program: this is \d+\./);
    expect(new URL(second.url).port).not.toBe(new URL(first.url).port);
  });

  it('does not serve at another port than the one it was asked for', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void taken.close());
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const { exitCode, stdout, stderr } = await runUsage(['serve', '--port', String(port)], { database: newDatabase() });
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toBe(
      `error: Port ${port} is taken by another program: choose another with --port, or leave it out to get the next free one.\n`,
    );
  });

  it('refuses a port that is none, and says where there can be no database', async () => {
    const port = await runUsage(['serve', '--port', '99999'], { database: newDatabase() });
    expect([port.exitCode, port.stderr]).toEqual([2, expect.stringContaining('Use a whole number from 0 to 65535')]);
    const nowhere = await runUsage(['serve'], { database: join(USAGE, 'usage.db') });
    expect([nowhere.exitCode, nowhere.stderr]).toEqual([1, expect.stringContaining('set CODEX_METERED_DB to another')]);
  });

  it('shows what is recorded by another process, and ends in order on SIGTERM too', async () => {
    const served = await serve(['--port', '0', '--no-import']);
    const store = createStore(served.database);
    store.record({ invocation: sampleInvocation('a'), responses: [sampleResponse('1')] });
    const answer = await (await fetch(new URL('/api/run?id=nightly-7', served.url))).json();
    expect(answer).toMatchObject({ totals: { responseCount: 1, inputTokens: 1000 } });
    served.child.kill('SIGTERM');
    expect(await served.ended).toEqual([0, null]);
  });
});

function newDatabase(): string {
  return join(createFolder(), 'usage.db');
}

/** Starts the real command, and waits until it says where it serves. */
async function serve(args: string[]) {
  const folder = createFolder();
  const database = join(folder, 'data', 'usage.db');
  const env = {
    ...process.env,
    HOME: folder,
    CODEX_HOME: join(folder, 'codex'),
    CLAUDE_CONFIG_DIR: join(folder, 'claude'),
    CODEX_METERED_DB: database,
    CODEX_METERED_STATE_DIR: join(folder, 'state'),
  };
  const child = spawn(process.execPath, [USAGE, 'serve', ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const printed = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    printed.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    printed.stderr += chunk;
  });
  const ended = once(child, 'exit');
  const url = await waitFor('its address', () => /http:\S+/.exec(printed.stdout)?.[0]);
  await waitFor('all it says first', () => printed.stderr.includes('Ctrl-C ends it.'));
  return { child, database, ended, printed, url };
}
