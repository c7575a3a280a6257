import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSettings } from '../../src/config/load.js';
import { type Given, listHooks, type SettingName } from '../../src/config/settings.js';
import { UsageError } from '../../src/errors.js';
import { createFolder } from '../store/samples.js';

interface Setting {
  /** Texts of files by their path within the project. */
  readonly project?: Readonly<Record<string, string>>;
  readonly user?: string;
  readonly options?: Partial<Record<SettingName, string>>;
  readonly environment?: Partial<Record<SettingName, string>>;
  /** Where in the project it is asked. */
  readonly cwd?: string;
}

/** What is set for somebody who works in `cwd` of a project. */
async function load({ project = {}, user, options = {}, environment = {}, cwd = '.' }: Setting) {
  const root = join(createFolder(), 'shop');
  const config = join(root, '..', 'config');
  const files = { ...project, ...(user === undefined ? {} : { '../config/codex-metered/codex-metered.toml': user }) };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const said = (name: SettingName): Given | undefined => {
    const [option, variable] = [options[name], environment[name]];
    if (option !== undefined) return { value: option, origin: 'option', place: `--meter-${name}` };
    return variable === undefined ? undefined : { value: variable, origin: 'environment', place: 'VARIABLE' };
  };
  const settings = await loadSettings(said, { cwd: join(root, cwd), root, env: { XDG_CONFIG_HOME: config } });
  return { root, config, settings };
}

describe('a setting', () => {
  const everywhere = {
    options: { project: 'by option' },
    environment: { project: 'by environment' },
    project: { 'codex-metered.toml': 'project = "by project file"' },
    user: 'project = "by user file"',
  };

  it('is that of the option, else of the environment, else of the project, else of the user', async () => {
    const { settings: option } = await load(everywhere);
    const { settings: environment } = await load({ ...everywhere, options: {} });
    const { settings: project, root } = await load({ ...everywhere, options: {}, environment: {} });
    const { settings: user, config } = await load({ user: everywhere.user });
    const { settings: none } = await load({});
    expect([option, environment, project, user, none].map((settings) => settings.project)).toEqual([
      { value: 'by option', origin: 'option', place: '--meter-project' },
      { value: 'by environment', origin: 'environment', place: 'VARIABLE' },
      { value: 'by project file', origin: 'project file', place: `${root}/codex-metered.toml:1` },
      { value: 'by user file', origin: 'user file', place: `${config}/codex-metered/codex-metered.toml:1` },
      { value: undefined, origin: 'default', place: undefined },
    ]);
  });

  it("names another program's database by an absolute path, wherever it is said", async () => {
    const file = { project: { 'codex-metered.toml': 'cost_records = "center.db"' } };
    const { settings: said } = await load({ ...file, environment: { 'cost-records': 'mine.db' } });
    const { settings: written, root } = await load(file);
    expect(said.costRecords).toEqual({ value: resolve('mine.db'), origin: 'environment', place: 'VARIABLE' });
    expect(written.costRecords).toMatchObject({ value: join(root, 'center.db'), origin: 'project file' });
  });

  it('is each by itself: what one file does not say the other may', async () => {
    const { settings } = await load({
      project: { 'codex-metered.toml': '[budget.run]\nusd = 5' },
      user: 'time_zone = "UTC"\nbudget = { on_budget = "warn", run = { usd = 1, tokens = 10 } }',
    });
    expect(settings.timeZone.value).toBe('UTC');
    expect(settings.onBudget.value).toBe('warn');
    expect(settings.limits.map(({ value, origin }) => ({ ...value, origin }))).toEqual([
      { scope: 'run', unit: 'usd', amount: 5e9, origin: 'project file' },
      { scope: 'run', unit: 'tokens', amount: 10, origin: 'user file' },
    ]);
  });
});

describe('what must be left of rate limits', () => {
  it('is a list of windows with percents, in a file and in an option, and can be lifted', async () => {
    const file = { user: '[budget]\nmin_left = "5h=10%, week=2.5%"' };
    const { settings } = await load(file);
    expect(settings.minLeft.value).toEqual([
      { windowMinutes: 300, percent: 10 },
      { windowMinutes: 10_080, percent: 2.5 },
    ]);
    expect((await load({ ...file, options: { 'min-left': 'none' } })).settings.minLeft.value).toEqual([]);
  });

  it.each(['5h', '5h=10', '5h=0%', '5h=101%', 'fortnight=5%', '5h=10%,', '0h=5%'])('is not %s', async (written) => {
    await expect(load({ options: { 'min-left': written } })).rejects.toThrow(/--meter-min-left: ".*" is not known/);
    await expect(load({ user: `budget = { min_left = "${written}" }` })).rejects.toThrow(/budget\.min_left must be/);
  });
});

describe('hooks', () => {
  const text = '[hooks]\nreached = "mail me"\nrun_end = ["notify", "done"]';

  it("are those of the user's own file", async () => {
    const { settings } = await load({ user: text });
    expect(listHooks(settings)).toEqual({ reached: 'mail me', run_end: ['notify', 'done'] });
    expect(settings.hooks.map(({ place }) => place?.replace(/^.*:/, ''))).toEqual(['2', '3']);
  });

  it('are refused in a file that a repository may bring with it', async () => {
    await expect(load({ project: { 'codex-metered.toml': text } })).rejects.toThrow(/codex-metered\.toml:1: hooks/);
  });
});

describe("the project's file", () => {
  it('is the nearest one, up to the top of the work tree and no further', async () => {
    const files = { 'codex-metered.toml': 'project = "top"', 'apps/web/codex-metered.toml': 'project = "web"' };
    const nearest = await load({ project: files, cwd: 'apps/web/src' });
    const top = await load({ project: files, cwd: 'apps' });
    const above = await load({ project: { '../codex-metered.toml': 'project = "above"' } });
    expect([nearest, top, above].map(({ settings }) => settings.project.value)).toEqual(['web', 'top', undefined]);
  });
});

describe('prices', () => {
  it("of the project's file stand in for those of the user's for the same model", async () => {
    const price = (model: string, input: number) => `[[prices]]\nmodel = "${model}"\ninput = ${input}\noutput = 1\n`;
    const { settings } = await load({
      project: { 'codex-metered.toml': price('House', 1) },
      user: price('house', 2) + price('other', 3),
    });
    expect(settings.prices.map(({ value }) => [value.model, value.rates.input])).toEqual([
      ['House', 1000],
      ['other', 3000],
    ]);
  });
});

describe('patterns for output paths', () => {
  const file = { 'codex-metered.toml': `output_pattern = 'whole'\nphases.builder = 'impl'` };

  it.each([
    ['of phases are tried before one for all', {}, ['impl', 'whole']],
    ['of phases are tried after one that an option says', { 'output-pattern': 'said' }, ['said', 'impl']],
  ])('%s', async (_, options, patterns) => {
    const { settings } = await load({ project: file, options });
    expect(settings.outputPatterns.map(({ value }) => value.pattern)).toEqual(patterns);
  });
});

describe('a budget that is said', () => {
  const limitsOf = async (setting: Setting) => {
    const { settings } = await load(setting);
    return settings.limits.map(({ value: { scope, unit, amount } }) => `${scope} ${unit} ${amount}`);
  };

  it('is for the invocation, or for what it names', async () => {
    const options = { 'budget-usd': '0.5,run=20, day=50', 'budget-tokens': 'run=2_000_000' };
    const usd = ['invocation usd 500000000', 'run usd 20000000000', 'day usd 50000000000'];
    expect(await limitsOf({ options })).toEqual([...usd, 'run tokens 2000000']);
  });

  it('leaves what it does not name to the files, and "none" lifts what they say', async () => {
    const project = { 'codex-metered.toml': 'budget = { run = { usd = 1 }, day = { usd = 2, tokens = 3 } }' };
    const withUsd = (usd: string) => limitsOf({ project, options: { 'budget-usd': usd } });
    expect(await withUsd('run=9')).toEqual(['run usd 9000000000', 'day usd 2000000000', 'day tokens 3']);
    expect(await withUsd('day=none')).toEqual(['run usd 1000000000', 'day tokens 3']);
    expect(await withUsd('none')).toEqual(['day tokens 3']);
  });

  it.each([
    [
      { 'budget-usd': 'much' },
      '--meter-budget-usd: "much" is not an amount of USD: use a number above zero, such as 2.50.',
    ],
    [{ 'budget-usd': '0' }, 'is not an amount of USD'],
    [{ 'budget-usd': '-1' }, 'is not an amount of USD'],
    [{ 'budget-usd': '$5' }, 'is not an amount of USD'],
    [{ 'budget-usd': '1e9' }, 'is not an amount of USD'],
    [{ 'budget-usd': 'year=5' }, '"year" is not what a budget is for: use invocation, run, day, week, month.'],
    [{ 'budget-usd': '1,2' }, 'gives two budgets for the invocation'],
    [{ 'budget-usd': '' }, 'is not an amount of USD'],
    [{ 'budget-tokens': '1.5' }, '"1.5" is not a number of tokens: use a whole number above zero, such as 2000000.'],
    [{ 'on-budget': 'explode' }, '--meter-on-budget: "explode" is not known: use stop or warn.'],
    [{ 'cost-records-estimates': 'drop' }, '--meter-cost-records-estimates: "drop" is not known: use replace or keep.'],
    [{ 'time-zone': 'Mars/Base' }, '--meter-time-zone: "Mars/Base" is not a time zone'],
  ])('is refused where it makes no sense: %o', async (options, message) => {
    const loading = load({ options });
    await expect(loading).rejects.toThrow(UsageError);
    await expect(loading).rejects.toThrow(message);
  });
});
