import { rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { openDatabase } from '../../src/store/driver.js';
import { openStore } from '../../src/store/store.js';
import { recordedIn } from '../harness/codex-usage.js';
import { readFixture } from '../harness/fixtures.js';
import { createHistory } from '../history/sessions.js';
import { START, sampleInvocation, sampleResponse } from '../store/samples.js';

const COMMAND = fileURLToPath(new URL('../../bin/codex-usage.js', import.meta.url));

const FIXTURE = readFixture('0.64.0', 'tool-loop');

function createDatabase(count = 1): string {
  const responses = Array.from({ length: count }, (_, index) => sampleResponse(`${index}`));
  return recordedIn([{ invocation: sampleInvocation('a'), responses }]);
}

function start(args: string[], database: string) {
  return execa('node', [COMMAND, ...args], { env: createEnv(database), reject: false });
}

function createEnv(database: string, home = dirname(database)) {
  return {
    ...{ CODEX_METERED_DB: database, CODEX_METERED_STATE_DIR: dirname(database) },
    ...{ CODEX_HOME: home, CLAUDE_CONFIG_DIR: dirname(database) },
  };
}

describe('the command codex-usage', () => {
  it('shows a run, with neither colours nor complaints, and ends with the exit code of its command', async () => {
    const database = createDatabase();
    const { exitCode, stdout, stderr } = await start(['run', 'nightly-7'], database);
    expect([exitCode, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(/^Run nightly-7\n/);
    expect(stdout).toContain('$0.0026');
    const wrong = await Promise.all([start(['run', 'x'], database), start(['rnu'], database)]);
    expect(wrong.map((one) => one.exitCode)).toEqual([1, 2]);
  });

  it('prints all of a long answer', async () => {
    const { stdout } = await start(['run', '--breakdown', '--json'], createDatabase(500));
    expect(JSON.parse(stdout).invocations[0].responses).toHaveLength(500);
  });

  it('says nothing when its reader has seen enough', async () => {
    const script = 'set -o pipefail; node "$0" run --breakdown --json | head -1';
    const env = createEnv(createDatabase(1000));
    const { exitCode, stdout, stderr } = await execa('bash', ['-c', script, COMMAND], { env, reject: false });
    expect([exitCode, stdout, stderr]).toEqual([0, '{', '']);
  });

  it('shows what is there while a run is writing', async () => {
    const database = createDatabase();
    const writer = openDatabase(database);
    writer.exec('BEGIN IMMEDIATE');
    writer.exec(`UPDATE invocations SET started_at_ms = ${START - 1}`);
    const { exitCode, stdout } = await start(['run', '--json'], database);
    writer.close();
    expect([exitCode, JSON.parse(stdout).invocations[0].startedAt]).toEqual([0, new Date(START).toISOString()]);
  });

  it('takes in past sessions before a report over time, unless it shall not', async () => {
    const history = createHistory();
    history.addFixture(FIXTURE);
    const daily = (...args: string[]) => {
      const env = createEnv(history.database, history.home);
      return execa('node', [COMMAND, 'daily', '--json', ...args], { env, reject: false });
    };
    expect(JSON.parse((await daily('--no-import')).stdout).error.kind).toBe('nothing-metered');
    const { exitCode, stdout, stderr } = await daily();
    expect([exitCode, stderr, JSON.parse(stdout).totals.responseCount]).toEqual([0, '', 3]);
    rmSync(join(history.home, 'sessions'), { recursive: true });
    expect(JSON.parse((await daily()).stdout).totals.responseCount).toBe(3);
  });

  it('makes a report all the same when past sessions cannot be taken in', async () => {
    const history = createHistory();
    history.addFixture(FIXTURE);
    const store = openStore(history.database, { mode: 'write' });
    store.record({ invocation: sampleInvocation('a'), responses: [sampleResponse('1')] });
    const env = createEnv(history.database, history.home);
    store.connection.exec('DROP TABLE history_files');
    store.close();
    const { exitCode, stdout, stderr } = await execa('node', [COMMAND, 'daily', '--json'], { env, reject: false });
    expect([exitCode, JSON.parse(stdout).totals.responseCount]).toEqual([0, 1]);
    expect(stderr).toContain('Past sessions were not taken in');
  });
});
