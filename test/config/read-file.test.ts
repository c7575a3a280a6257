import { mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readConfigFile } from '../../src/config/read-file.js';
import { UsageError } from '../../src/errors.js';
import { createFolder } from '../store/samples.js';

function read(text: string, path = join(createFolder(), 'codex-metered.toml')) {
  writeFileSync(path, text);
  return { path, file: readConfigFile({ path, origin: 'project file' }) };
}

/** What is wrong with `text`, without the path. */
function faultsOf(text: string): string[] {
  const path = join(createFolder(), 'codex-metered.toml');
  try {
    read(text, path);
    return [];
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    return error.message.replaceAll(path, 'file').split('\n');
  }
}

const PRICE = '[[prices]]\nmodel = "m"\ninput = 1\noutput = 2\n';

describe('a configuration file', () => {
  it('may set everything', () => {
    const { path, file } = read(`
project = "shop"
time_zone = "europe/berlin"
database = "costs/usage.db"
cost_records = "../center.db"
cost_records_estimates = "keep"
output_pattern = '/(?<run>[^/]+)/out'

[phases]
builder = '/impl/'
reviewer = ['/qa/(?<iteration>\\d+)', '/audit/']

[budget]
on_budget = "warn"
invocation = { usd = 2.5 }
day.tokens = 2_000_000
[budget.run]
usd = 0.1

[tags]
team = "search"
ticket = "[A-Z]+-[0-9]+"

[[subscriptions]]
provider = "openai"
name = "ChatGPT Pro"
usd_per_month = 200
since = 2026-01-31

[[prices]]
model = "house-model"
from = "2026-02-01"
until = 2026-03-01
input = 1.25
cached_input = 0.125
cache_write = 1.5
output = 10
priority = 2
long_context = { above_input_tokens = 200_000, input = 2.5, output = 15 }
`);
    expect(file).toMatchObject({
      project: 'shop',
      timeZone: 'Europe/Berlin',
      database: join(path, '..', 'costs', 'usage.db'),
      costRecords: join(path, '..', '..', 'center.db'),
      estimates: 'keep',
      outputPattern: '/(?<run>[^/]+)/out',
      phasePatterns: [
        { phase: 'builder', pattern: '/impl/' },
        { phase: 'reviewer', pattern: '/qa/(?<iteration>\\d+)' },
        { phase: 'reviewer', pattern: '/audit/' },
      ],
      tags: [{ key: 'team', value: 'search' }],
      ticketPattern: '[A-Z]+-[0-9]+',
      onBudget: 'warn',
      limits: [
        { scope: 'invocation', unit: 'usd', amount: 2_500_000_000 },
        { scope: 'run', unit: 'usd', amount: 100_000_000 },
        { scope: 'day', unit: 'tokens', amount: 2_000_000 },
      ],
      subscriptions: [{ provider: 'openai', name: 'ChatGPT Pro', usdPerMonth: 200, since: '2026-01-31' }],
      prices: [
        {
          model: 'house-model',
          from: '2026-02-01',
          until: '2026-03-01',
          rates: { input: 1250, cachedInput: 125, cacheWrite: 1500, output: 10_000 },
          longContext: {
            aboveInputTokens: 200_000,
            rates: { input: 2500, cachedInput: 2500, cacheWrite: null, output: 15_000 },
          },
          tierMultipliers: { priority: 2 },
        },
      ],
    });
    expect(file.lineOf(['project'])).toBe(2);
    expect(file.lineOf(['budget', 'run', 'usd'])).toBe(18);
    expect(file.lineOf(['prices', 0, 'long_context', 'output'])).toBe(39);
  });

  it('may be empty, and may name a database in the home folder', () => {
    expect(read('').file).toMatchObject({ project: undefined, limits: [], phasePatterns: [], prices: undefined });
    expect(read('database = "~/costs.db"').file.database).toBe(join(homedir(), 'costs.db'));
  });

  it.each([
    ['project = = 1', 'file:1: this is not TOML: Unexpected token.'],
    ['a = 1\na = 2', 'file:2: this is not TOML: Defining a key multiple times is invalid.'],
    ['\nproject = 1', 'file:2: project must be text in quotes.'],
    ['project = ""', 'file:1: project is empty.'],
    ['projct = "shop"', 'file:1: there is no key "projct": did you mean "project"?'],
    ['[budgets]\nrun.usd = 1', 'file:1: there is no key "budgets": did you mean "budget"?'],
    ['[budget.run]\n\ndollars = 1', 'file:3: there is no key "budget.run.dollars": known here are usd, tokens.'],
    ['budget = 5', 'file:1: budget must be a table.'],
    ['[budget]\nrun = 5', 'file:2: budget.run must be a table.'],
    ['[budget.run]\nusd = 0', 'file:2: budget.run.usd must be above zero.'],
    ['[budget.run]\nusd = 1e9', 'file:2: budget.run.usd is too large.'],
    ['[budget.run]\nusd = inf', 'file:2: budget.run.usd must be a number.'],
    ['[budget.run]\ntokens = 1.5', 'file:2: budget.run.tokens must be a whole number.'],
    ['tags = 5', 'file:1: tags must be a table of keys and texts.'],
    ['[tags]\nteam = 7', 'file:2: tags.team must be text in quotes.'],
    ['[tags]\nteam = "a\\u001bb"', 'file:2: tags.team is not a tag: it has control characters.'],
    ['[tags]\n"my team" = "a"', 'file:2: tags.my team is not a tag: its key has a space.'],
    ['[tags]\nticket = "["', 'file:2: tags.ticket is not a regular expression.'],
    ['cost_records_estimates = "drop"', 'file:1: cost_records_estimates must be "replace" or "keep".'],
    ['[budget]\non_budget = "explode"', 'file:2: budget.on_budget must be "stop" or "warn".'],
    ['time_zone = "Mars/Base"', 'file:1: time_zone must be an IANA name, such as Europe/Berlin.'],
    ["output_pattern = '('", 'file:1: output_pattern is not a regular expression.'],
    ["[phases]\nbuilders = '/b/'", 'file:2: there is no key "phases.builders": did you mean "builder"?'],
    ['[phases]\nbuilder = 3', 'file:2: phases.builder must be a regular expression in quotes, or a list of them.'],
    [`${PRICE}outptu = 3`, 'file:5: there is no key "prices[1].outptu": did you mean "output"?'],
    [`${PRICE}${PRICE}from = "soon"`, 'file:9: prices[2].from must be a day such as 2026-01-31.'],
    [`${PRICE}from = 2026-02-02\nuntil = 2026-02-01`, 'file:6: prices[1].until is before the day from which it holds.'],
    ['[[prices]]\nmodel = "m"\noutput = 1', 'file:1: prices[1].input is missing.'],
    ['prices = 1', 'file:1: prices must be tables: [[prices]].'],
    [
      '[[subscriptions]]\nprovider = "openai"\nname = "Pro"\nusd_per_month = 20\nsince = 2026-02-30',
      'file:5: this is not TOML: Unexpected invalid date.',
    ],
  ])('is refused with what is wrong and where: %s', (text, fault) => {
    expect(faultsOf(text)).toEqual([fault]);
  });

  it('is told of all that is wrong at once', () => {
    expect(faultsOf('projct = "shop"\ntime_zone = 1\n[budget.day]\nusd = -1')).toEqual([
      'file:2: time_zone must be text in quotes.',
      'file:4: budget.day.usd must be above zero.',
      'file:1: there is no key "projct": did you mean "project"?',
    ]);
  });

  it('that cannot be read is refused', () => {
    const path = join(createFolder(), 'codex-metered.toml');
    mkdirSync(path);
    expect(() => readConfigFile({ path, origin: 'user file' })).toThrow(
      /^The configuration file .+codex-metered\.toml cannot be read: it is a folder, not a file/,
    );
  });
});
