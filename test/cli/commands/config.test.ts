import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openStore } from '../../../src/store/store.js';
import { runUsage } from '../../harness/codex-usage.js';
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
`);
  });

  it('tells the same as JSON', async () => {
    const project = createProject('[budget.day]\ntokens = 1_000');
    const { stdout } = await runUsage(['config', '--json'], project);
    const { schemaVersion, kind, files, settings } = JSON.parse(stdout);
    expect({ schemaVersion, kind }).toEqual({ schemaVersion: 1, kind: 'config' });
    expect(files).toEqual([
      { origin: 'project file', path: project.file, exists: true },
      { origin: 'user file', path: '/nowhere/codex-metered/codex-metered.toml', exists: false },
    ]);
    expect(settings).toContainEqual({ name: 'project', value: 'shop', origin: 'git', place: null });
    expect(settings).toContainEqual({
      ...{ name: 'budget.day.tokens', value: 1000 },
      ...{ origin: 'project file', place: `${project.file}:2` },
    });
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

  it("shows another program's database where one is named", async () => {
    const project = createProject('cost_records = "../center.db"');
    const { stdout } = await runUsage(['config', '--json'], project);
    expect(JSON.parse(stdout).settings).toContainEqual({
      ...{ name: 'cost_records', value: join(project.cwd, '..', 'center.db') },
      ...{ origin: 'project file', place: `${project.file}:1` },
    });
  });

  it('sets the database, the project and the time zone of the reports', async () => {
    const project = createProject('database = "mine.db"\nproject = "store"\ntime_zone = "Asia/Tokyo"');
    const store = openStore(join(project.cwd, 'mine.db'), { mode: 'write' });
    store.record({
      invocation: sampleInvocation('i1', { attribution: { projectId: 'store' } }),
      responses: [sampleResponse('r1')],
    });
    store.close();
    const { stdout } = await runUsage(['run', '--json'], project);
    expect(JSON.parse(stdout)).toMatchObject({ projectId: 'store', selectedAs: 'newest-here' });
    const { stdout: daily } = await runUsage(['daily', '--json'], project);
    expect(JSON.parse(daily)).toMatchObject({ timeZone: 'Asia/Tokyo' });
  });
});
