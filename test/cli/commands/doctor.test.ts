import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Change } from '../../../src/store/store.js';
import { linesBeyond, recordedIn, runUsage } from '../../harness/codex-usage.js';
import { createFolder, sampleInvocation, sampleResponse } from '../../store/samples.js';

/** A machine on which all is well, but for `change` to what is recorded. */
function createMachine(change: Partial<Change> = {}) {
  const folder = createFolder();
  const codex = join(folder, 'codex');
  writeFileSync(codex, '#!/bin/sh\necho codex-cli 0.169.0\n');
  chmodSync(codex, 0o755);
  mkdirSync(join(folder, 'home', 'sessions'), { recursive: true });
  const update = { status: 'completed', exitCode: 0, endedAtMs: Date.now() } as const;
  const usual = { invocation: sampleInvocation('a'), update, responses: [sampleResponse('1')] };
  const database = recordedIn([{ ...usual, ...change }], join(folder, 'usage.db'));
  const home = join(folder, 'home');
  const env = {
    ...{ CODEX_METERED_CODEX: codex, CODEX_METERED_STATE_DIR: join(folder, 'state') },
    ...{ CODEX_HOME: home, CLAUDE_CONFIG_DIR: home, XDG_CONFIG_HOME: folder, PATH: process.env.PATH },
  };
  return { folder, database, env, cwd: folder };
}

type Machine = ReturnType<typeof createMachine>;

async function diagnose(machine: Machine) {
  const { exitCode, stdout } = await runUsage(['doctor', '--json'], machine);
  const { checks, isHealthy } = JSON.parse(stdout) as {
    isHealthy: boolean;
    checks: { name: string; status: string; text: string; advice: string | null }[];
  };
  expect(isHealthy).toBe(exitCode === 0);
  return { exitCode, checks, ill: checks.filter(({ status }) => status === 'attention') };
}

describe('codex-usage doctor', () => {
  it('says that all is well, and where things are, in lines that fit but for paths', async () => {
    const machine = createMachine();
    const { exitCode, stdout } = await runUsage(['doctor'], { ...machine, env: { ...machine.env, COLUMNS: '200' } });
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`codex-cli 0.169.0 at ${join(machine.folder, 'codex')}`);
    expect(stdout).toContain(join(machine.folder, 'home', 'sessions'));
    expect(stdout).toMatch(/database .*usage\.db, \d\.\d MB, schema \d+, 1 invocation\n/);
    expect(stdout).toMatch(/1 response: 100% actual\n[\s\S]*\nAll is well\.\n$/);
    for (const width of [60, 80]) {
      const narrow = await runUsage(['doctor'], { ...machine, env: { ...machine.env, COLUMNS: `${width}` } });
      expect(linesBeyond(width, narrow.stdout, '/')).toEqual([]);
    }
  });

  it('misses a Codex that is not there', async () => {
    const machine = createMachine();
    const { exitCode, ill } = await diagnose({ ...machine, env: { ...machine.env, CODEX_METERED_CODEX: '/no/codex' } });
    expect([exitCode, ill.map(({ name }) => name)]).toEqual([1, ['codex']]);
  });

  it('names models without a price, and what to do', async () => {
    const unpriced = sampleResponse('2', { model: 'gpt-99', costNanoUsd: undefined });
    const { ill } = await diagnose(createMachine({ responses: [unpriced] }));
    expect(ill).toMatchObject([{ name: 'prices', text: expect.stringContaining('gpt-99 (1 response)') }]);
    expect(ill[0]?.advice).toContain('codex-usage reprice');
  });

  it('names a disagreement, a run that is not settled, and what is kept aside', async () => {
    const notes = [{ kind: 'disagreement', reason: 'the totals differ', figures: {} }] as const;
    const machine = createMachine({ notes, update: {}, invocation: sampleInvocation('a', { meterPid: 2 ** 22 - 1 }) });
    mkdirSync(join(machine.folder, 'state', 'pending'), { recursive: true });
    writeFileSync(join(machine.folder, 'state', 'pending', 'x.json'), 'cut');
    const { ill } = await diagnose(machine);
    expect(ill.map(({ name }) => name)).toEqual(['evidence', 'unsettled', 'kept aside']);
    expect(ill[0]?.text).toContain('the totals differ');
  });

  it('names what cannot be taken in and what cannot be settled, why, and what to do', async () => {
    const machine = createMachine({ update: {}, invocation: sampleInvocation('a', { meterPid: 2 ** 22 - 1 }) });
    const reason = 'the run cannot be settled: the database is in a mood';
    recordedIn([{ invocation: { id: 'a' }, notes: [{ kind: 'fault', reason, figures: {} }] }], machine.database);
    const state = join(machine.folder, 'state');
    for (const name of ['pending', 'mirror']) mkdirSync(join(state, name, 'refused'), { recursive: true });
    writeFileSync(join(state, 'pending', 'refused', 'x.json'), 'cut');
    writeFileSync(join(state, 'pending', 'refused', 'x.json.why'), 'it is not JSON\n');
    writeFileSync(join(state, 'mirror', 'refused', 'y.json'), 'cut');
    const { ill } = await diagnose(machine);
    expect(ill.map(({ name }) => name)).toEqual(['unsettled', 'set aside']);
    expect(ill[0]?.text).toBe(`1 run whose meter was killed; run nightly-7 of shop: ${reason}`);
    expect(ill[0]?.advice).toContain('tried again');
    expect(ill[1]?.text).toContain(`${join(state, 'pending', 'refused', 'x.json')}: it is not JSON`);
    expect(ill[1]?.text).toContain(join(state, 'mirror', 'refused', 'y.json'));
    expect(ill[1]?.advice).toContain('move it back');
  });

  it('sees a database that is damaged, and one that is none', async () => {
    const machine = createMachine({ responses: Array.from({ length: 400 }, (_, index) => sampleResponse(`${index}`)) });
    const bytes = readFileSync(machine.database);
    bytes.fill(0x5a, 4096 * 6, 4096 * 20);
    writeFileSync(machine.database, bytes);
    expect((await diagnose(machine)).exitCode).toBe(1);
    writeFileSync(machine.database, 'no database '.repeat(1000));
    expect((await diagnose(machine)).ill[0]).toMatchObject({ name: 'database' });
  });

  it('tells what is wrong with a configuration file instead of failing', async () => {
    const machine = createMachine();
    writeFileSync(join(machine.folder, 'codex-metered.toml'), 'nonsense = 1\n');
    const { exitCode, ill } = await diagnose(machine);
    expect([exitCode, ill.map(({ name }) => name)]).toEqual([1, ['configuration']]);
  });

  it('counts the warnings of the log', async () => {
    const machine = createMachine();
    mkdirSync(join(machine.folder, 'state'), { recursive: true });
    const warn = (time: Date, msg: string) => `${JSON.stringify({ level: 40, time: time.toISOString(), msg })}\n`;
    writeFileSync(
      join(machine.folder, 'state', 'codex-metered.log'),
      warn(new Date(0), 'old') + warn(new Date(), 'disk full'),
    );
    const { exitCode, checks } = await diagnose(machine);
    const log = checks.find(({ name }) => name === 'log');
    expect([exitCode, log?.status, log?.text]).toEqual([0, 'note', expect.stringMatching(/1 warning .*disk full$/)]);
  });
});
