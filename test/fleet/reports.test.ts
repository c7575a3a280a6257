import { once } from 'node:events';
import { request } from 'node:http';
import { execa } from 'execa';
import { afterAll, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { waitFor } from '../harness/wait.js';
import { USAGE } from '../harness/workbench.js';
import { sampleInvocation, sampleResponse } from '../store/samples.js';
import { createFleet, type Fleet } from './fleet.js';
import { createMachine, type Machine } from './machine.js';
import { NO_POSTGRES, type PostgresServer, startPostgres } from './postgres-server.js';

const A = '0b6f1f0e-3d0c-4c53-9d55-111111111111';
const B = '0b6f1f0e-3d0c-4c53-9d55-222222222222';

/** Of what the API of the dashboard answers, what is asked for here. */
interface Asked {
  readonly groups?: readonly { readonly range: { readonly totals: Record<string, number> } | null }[];
  readonly totals?: Record<string, number>;
}

describe.skipIf(NO_POSTGRES !== undefined)('what a reader of a fleet is shown', () => {
  let server: PostgresServer;
  let fleet: Fleet;
  let ada: Machine;
  let linus: Machine;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    fleet = await createFleet(server);
    const settings = (user: string) => `read_url = "${fleet.readUrl}"\nuser = "${user}"\n`;
    [ada, linus] = [createMachine(fleet.url, settings('ada')), createMachine(fleet.url, settings('linus'))];
  });

  const json = async (machine: Machine, ...args: string[]) => {
    const { stdout, stderr } = await machine.usage([...args, '--json']);
    expect(stderr).toBe('');
    return JSON.parse(stdout);
  };
  /** Two runs of ada, of which one has a response without a price, and one of linus. All is pushed. */
  const fill = async () => {
    const unpriced = { model: 'gpt-unheard-of', costNanoUsd: undefined, price: undefined };
    ada.record((store) => {
      store.record({
        invocation: sampleInvocation(A, { attribution: { runId: 'mixed' } }),
        responses: [sampleResponse('1'), sampleResponse('2', unpriced)],
      });
    });
    linus.record((store) => {
      store.record({
        invocation: sampleInvocation(B, { attribution: { runId: 'priced' } }),
        responses: [sampleResponse('3', { threadId: 'other' })],
      });
    });
    for (const machine of [ada, linus]) expect(await machine.usage(['push'])).toMatchObject({ exitCode: 0 });
  };

  /** The real command, once it has pulled. */
  const serve = async (machine: Machine) => {
    const env = { PATH: process.env.PATH, CODEX_METERED_DB: machine.database, ...machine.env };
    const child = execa(process.execPath, [USAGE, 'serve', '--fleet', '--port', '0'], {
      env,
      extendEnv: false,
      reject: false,
    });
    onTestFinished(() => void child.kill('SIGKILL'));
    let printed = '';
    child.stdout.on('data', (chunk) => {
      printed += chunk;
    });
    const url = await waitFor('its address', () => /http:\S+/.exec(printed)?.[0]);
    const ask = async (path: string) => (await fetch(new URL(path, url))).json() as Promise<Asked>;
    await waitFor(
      'the first pull',
      async () => (await ask('/api/usage?since=2026-01-01')).groups?.[0]?.range?.totals?.responseCount === 3,
    );
    return { child, url, ask };
  };

  it('the dashboard has the figures of the reports, pulled by itself, and answers its own pages alone', async () => {
    await fill();
    const { child, url, ask } = await serve(ada);
    const monthly = await json(ada, 'monthly', '--fleet');
    expect(monthly.totals).toMatchObject({ responseCount: 3, unpricedResponseCount: 1 });
    const usage = await ask('/api/usage?since=2026-01-01');
    expect(usage.groups?.[0]?.range?.totals).toEqual(monthly.totals);
    expect(await ask('/api/run?id=priced')).toMatchObject({ totals: { responseCount: 1 } });
    // Of this machine alone there is nothing that anybody was shown.
    expect((await json(ada, 'monthly')).totals.responseCount).toBe(2);
    for (const headers of [{ host: 'db.example.com' }, { origin: 'https://evil.example' }]) {
      const asked = request(new URL('/api/usage', url), { headers });
      asked.end();
      const [answer] = await once(asked, 'response');
      answer.resume();
      expect(answer.statusCode).toBe(403);
    }
    child.kill('SIGTERM');
    expect(await child).toMatchObject({ exitCode: 0 });
  });

  it('a response without a price is marked in why and compare, and given no cost', async () => {
    await fill();
    expect(await ada.usage(['pull'])).toMatchObject({ exitCode: 0 });
    const why = await json(ada, 'why', 'mixed', '--fleet');
    expect(why).toMatchObject({ responseCount: 2, unpricedResponseCount: 1, totalNanoUsd: 2_600_000 });
    // A fleet is sent costs, and no rates.
    const parts = why.parts.filter(({ costNanoUsd }: { costNanoUsd: number }) => costNanoUsd !== 0);
    expect(parts).toMatchObject([{ part: 'unsplit', tokens: 1200, costNanoUsd: 2_600_000 }]);
    const text = (await ada.usage(['why', 'mixed', '--fleet'])).stdout;
    expect(text).toMatch(/Total +\$0\.0026/);
    expect(text).toContain('1 response without a known price is left out.');
    const { sides } = await json(ada, 'compare', 'mixed', 'priced', '--fleet');
    expect(sides).toMatchObject([
      { totals: { unpricedResponseCount: 1, costNanoUsd: 2_600_000 }, unpricedModels: [{ model: 'gpt-unheard-of' }] },
      { totals: { unpricedResponseCount: 0, costNanoUsd: 2_600_000 }, unpricedModels: [] },
    ]);
    const compared = (await ada.usage(['compare', 'mixed', 'priced', '--fleet'])).stdout;
    expect(compared).toMatch(/Cost +\$0\.0026\+ +\$0\.0026/);
  });
});
