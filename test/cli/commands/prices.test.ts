import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recordedIn, runUsage, type Setting } from '../../harness/codex-usage.js';
import { createFolder, sampleInvocation, sampleResponse } from '../../store/samples.js';

function createDatabase(): string {
  const unpriced = sampleResponse('2', { model: 'gpt-99', costNanoUsd: undefined, price: undefined });
  return recordedIn([{ invocation: sampleInvocation('a'), responses: [sampleResponse('1'), unpriced] }]);
}

const usage = (args: string[], setting: Partial<Setting> = {}) => {
  return runUsage(args, { database: createDatabase(), ...setting });
};

/** A folder with a configuration that prices gpt-99. */
function createPlace(): string {
  const cwd = createFolder();
  writeFileSync(join(cwd, 'codex-metered.toml'), '[[prices]]\nmodel = "gpt-99"\ninput = 3\noutput = 9\n');
  return cwd;
}

describe('codex-usage prices', () => {
  it('shows what a model costs and has cost, long inputs too, and where that is from', async () => {
    const { exitCode, stdout } = await usage(['prices', 'gpt-5.6-sol']);
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      / ever +5\.00 +0\.50 +6\.25 +30\.00 +×2 short +×0\.5 +built in +\S+\n└ above 272,000 in +10\.00/,
    );
    expect(stdout).toMatch(/\ntoday +2026-08-21 +4\.00 +0\.40 +5\.00 +20\.00 +×2 +×0\.5 +built in +\S+\n/);
  });

  it('shows the models that were used, and what to do about one without a price', async () => {
    const { stdout } = await usage(['prices']);
    expect(stdout).toMatch(/\ngpt-5\.3-codex +ever +1\.75 +0\.175 +14\.00 .*built in +~\S+ +1\n/);
    expect(stdout).toMatch(/\ngpt-99 +unpriced/);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain('Give it one in codex-metered.toml');
  });

  it('says when each price was last confirmed, by whom, and that a promise has run out', async () => {
    const { stdout } = await usage(['prices', 'gpt-5.6-sol']);
    expect(stdout).toMatch(/\ntoday +2026-08-21 .*built in +2026-08-21\n/);
    const text = stdout.replaceAll(/\s+/g, ' ');
    expect(text).toContain('its price was promised until 2026-11-21, and nothing is known of later days');
    const astra = await usage(['prices', 'gpt-6.2-astra']);
    expect(astra.stdout).toMatch(/ 8\.00 +0\.40 +10\.00 +40\.00 .*built in +~2026-11-18\n/);
    const { models } = JSON.parse((await usage(['prices', 'gpt-6.2-sol', '--json'])).stdout);
    expect(models[0].price).toMatchObject({ confirmedOn: '2026-11-17', confirmedBy: 'vendor', ultrafastMultiplier: 3 });
  });

  it('lists what Codex takes of the credits of a plan, and that it is unconfirmed', async () => {
    const { stdout } = await usage(['prices', 'gpt-5.6-sol']);
    expect(stdout).toMatch(/\n2026-08-21 +100 +10 +500 +×2\.5 +unknown +rate card\n/);
    expect(stdout).toContain('Credits are unconfirmed');
    const json = JSON.parse((await usage(['prices', 'gpt-6.2-sol', '--json'])).stdout);
    expect(json.credits).toMatchObject({ unconfirmed: true, unit: 'credits per million tokens' });
    expect(json.models[0].creditRates).toEqual([
      {
        ...{ from: '2026-11-17', input: 50, cachedInput: 2.5, output: 250 },
        ...{ priorityMultiplier: null, longInputs: 'unknown', basis: 'derived' },
      },
    ]);
  });

  it('says why a model of Codex has no price, where that is known', async () => {
    const { exitCode, stderr } = await usage(['prices', 'codex-auto-review']);
    expect([exitCode, stderr.replaceAll(/\s+/g, ' ')]).toEqual([
      1,
      expect.stringContaining('No price is known for the model codex-auto-review. It is the model that reviews'),
    ]);
  });

  it("prefers the user's own, and says so", async () => {
    const { stdout } = await usage(['prices', 'gpt-99', '--json'], { cwd: createPlace() });
    expect(JSON.parse(stdout).models[0].price).toMatchObject({ priceOrigin: 'user', input: 3, output: 9, from: null });
  });

  it('exits 1 for a model that nobody prices', async () => {
    const { exitCode, stderr } = await usage(['prices', 'foo']);
    expect([exitCode, stderr]).toEqual([1, expect.stringContaining('No price is known for the model foo.')]);
  });
});

describe('codex-usage reprice', () => {
  it('prices what had no price, and corrects what had another', async () => {
    const database = createDatabase();
    const place = { database, cwd: createPlace() };
    const dry = await usage(['reprice', '--dry-run'], place);
    expect(dry.stdout).toMatch(/^Would change the cost of 2 of 2 responses\./);
    const { stdout } = await usage(['reprice'], place);
    // 600 fresh, 400 cached, 200 out at 1.75, 0.175, 14; and 1,000 in, 200 out at 3 and 9.
    expect(stdout).toMatch(/\ntotal +2 +1 +\$0\.0026 +\$0\.0087 +\+\$0\.0061\n/);
    expect((await usage(['reprice'], place)).stdout).toMatch(/^Changed the cost of 0 of 2 responses\./);
    const { totals } = JSON.parse((await usage(['daily', '--json'], place)).stdout);
    expect([totals.costNanoUsd, totals.unpricedResponseCount]).toEqual([8_720_000, 0]);
  });

  it('exits 1 when there is nothing to look at, 2 when days are mixed up', async () => {
    expect((await usage(['reprice', '--since', '2030-01-01'])).exitCode).toBe(1);
    expect((await usage(['reprice', '--since', '2026-02-02', '--until', '2026-02-01'])).exitCode).toBe(2);
  });
});
