import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listSettingKeys } from '../../../src/config/schema.js';
import { recordedIn, runUsage } from '../../harness/codex-usage.js';
import { createFolder, sampleInvocation, sampleResponse } from '../../store/samples.js';

function createProject(text: string): { cwd: string; file: string; database: string } {
  const folder = createFolder();
  const cwd = join(folder, 'shop');
  mkdirSync(join(cwd, '.git'), { recursive: true });
  writeFileSync(join(cwd, '.git', 'HEAD'), 'ref: refs/heads/main\n');
  const file = join(cwd, 'codex-metered.toml');
  writeFileSync(file, text);
  return { cwd, file, database: '' };
}

const EVERYTHING = `
project = "store"
time_zone = "UTC"
unit = "usd"
database = "usage.db"
cost_records = "center.db"
cost_records_estimates = "keep"
output_pattern = "(?<run>.+)"
phases = { builder = "b", reviewer = "r", chat = "c", handoff = "h", other = "o" }
[budget]
on_budget = "warn"
min_left = "5h=10%"
invocation = { usd = 1, tokens = 1 }
run = { usd = 1, tokens = 1 }
day = { usd = 1, tokens = 1, scope = "fleet" }
week = { usd = 1, tokens = 1, scope = "fleet" }
month = { usd = 1, tokens = 1, scope = "fleet" }
[hooks]
near = "true"
reached = "jq . \\u001b | mail me"
run_end = ["notify-send", "done"]
unpriced = "true"
[[subscriptions]]
provider = "codex"
name = "Pro"
usd_per_month = 200
since = 2026-01-01
[tags]
team = "search"
ticket = "[A-Z]+-[0-9]+"
[fleet.team]
url = "postgres://pusher@db.example.com/usage"
password_command = ["pass", "show", "usage"]
wait = "20s"
[[prices]]
model = "house"
input = 1
output = 2
`;

describe('codex-usage config', () => {
  it('shows what holds and where each setting comes from', async () => {
    const project = createProject(
      'time_zone = "UTC"\n[budget.run]\nusd = 20\n[[prices]]\nmodel = "house"\ninput = 1\noutput = 2\nfrom = 2026-01-01\n',
    );
    const { stdout, exitCode } = await runUsage(['config'], {
      ...project,
      env: { CODEX_METERED_PROJECT: 'store', XDG_DATA_HOME: '/data', XDG_STATE_HOME: '/state' },
    });
    expect(exitCode).toBe(0);
    expect(stdout.replaceAll(project.file, '<file>')).toBe(`project file  <file>
user file     /nowhere/codex-metered/codex-metered.toml  (there is none)

Setting           Value                                                         From
project           store                                                         CODEX_METERED_PROJECT
time_zone         UTC                                                           <file>:1
unit              usd                                                           default
database          /data/codex-metered/usage.db                                  default
budget.on_budget  stop                                                          default
budget.run.usd    $20.00                                                        <file>:3
prices            house: $1 in, $1 cached, $2 out per million, from 2026-01-01  <file>:4
log               /state/codex-metered/codex-metered.log                        default
state             /state/codex-metered                                          default

Not set: cost_records, cost_records_estimates, output_pattern, phases.builder, phases.reviewer,
  phases.chat, phases.handoff, phases.other, budget.min_left, budget.invocation.usd,
  budget.invocation.tokens, budget.run.tokens, budget.day.usd, budget.day.tokens, budget.day.scope,
  budget.week.usd, budget.week.tokens, budget.week.scope, budget.month.usd, budget.month.tokens,
  budget.month.scope, hooks.near, hooks.reached, hooks.run_end, hooks.unpriced, subscriptions, tags,
  fleet.
`);
  });

  it('shows every key of the schema where it is set, with its file and line', async () => {
    const config = createFolder();
    const file = join(config, 'codex-metered', 'codex-metered.toml');
    mkdirSync(dirname(file));
    writeFileSync(file, EVERYTHING);
    const setting = { database: '', cwd: config, env: { XDG_CONFIG_HOME: config } };
    const { settings, unset } = JSON.parse((await runUsage(['config', '--json'], setting)).stdout);
    const shown = settings.filter(({ origin }: { origin: string }) => origin === 'user file');
    const isShown = (key: string) => shown.some(({ name }: { name: string }) => `${name}.`.startsWith(`${key}.`));
    expect(listSettingKeys().filter((key) => !isShown(key))).toEqual([]);
    expect(unset).toEqual([]);
    const { stdout } = await runUsage(['config'], setting);
    expect(stdout).toContain('  jq . \\x1b | mail me  ');
    expect(stdout).toContain('  ["notify-send","done"]  ');
    expect(stdout).toMatch(/^fleet\.team +url=postgres:\/\/pusher@db\.example\.com\/usage passwordCommand=pass /m);
    expect(stdout).toMatch(/^tags\.ticket +\[A-Z\]\+-\[0-9\]\+ +/m);
    expect(stdout).not.toContain('Not set');
  });

  it('tells the same as JSON', async () => {
    const project = createProject('cost_records = "../center.db"\n[budget.day]\ntokens = 1_000');
    const { stdout } = await runUsage(['config', '--json'], project);
    const { schemaVersion, kind, files, settings } = JSON.parse(stdout);
    expect({ schemaVersion, kind }).toEqual({ schemaVersion: 1, kind: 'config' });
    expect(files).toEqual([
      { origin: 'project file', path: project.file, exists: true },
      { origin: 'user file', path: '/nowhere/codex-metered/codex-metered.toml', exists: false },
    ]);
    expect(settings).toContainEqual({ name: 'project', value: 'shop', origin: 'git', place: null });
    const ofFile = (line: number) => ({ origin: 'project file', place: `${project.file}:${line}` });
    const center = join(project.cwd, '..', 'center.db');
    expect(settings).toContainEqual({ name: 'cost_records', value: center, ...ofFile(1) });
    expect(settings).toContainEqual({ name: 'budget.day.tokens', value: 1000, ...ofFile(3) });
  });
});

describe('a configuration file', () => {
  it('that is wrong is an error of every command, but not of --help', async () => {
    const project = createProject('projct = "x"');
    const told = `error: ${project.file}:1: there is no key "projct": did you mean "project"?\n`;
    for (const args of [['config'], ['run'], ['daily', '--json']]) {
      expect(await runUsage(args, project)).toMatchObject({ exitCode: 2, stderr: told, stdout: '' });
    }
    expect(await runUsage(['--help'], project)).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('sets the database, the project and the time zone of the reports', async () => {
    const project = createProject('database = "mine.db"\nproject = "store"\ntime_zone = "Asia/Tokyo"');
    const invocation = sampleInvocation('i1', { attribution: { projectId: 'store' } });
    recordedIn([{ invocation, responses: [sampleResponse('r1')] }], join(project.cwd, 'mine.db'));
    const { stdout } = await runUsage(['run', '--json'], project);
    expect(JSON.parse(stdout)).toMatchObject({ projectId: 'store', selectedAs: 'newest-here' });
    const { stdout: daily } = await runUsage(['daily', '--json'], project);
    expect(JSON.parse(daily)).toMatchObject({ timeZone: 'Asia/Tokyo' });
  });
});
