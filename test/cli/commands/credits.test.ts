import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { recordedIn, runUsage, type Setting } from '../../harness/codex-usage.js';
import { createFolder, sampleInvocation, sampleResponse } from '../../store/samples.js';

const completedAtMs = Date.parse('2026-11-20T12:00:00Z');

/** A run with a response whose credits are known (0.98), one of Claude's, and one whose credits are not known. */
function createDatabase(): string {
  const used = { completedAtMs, usage: { input: 10_000, cachedInput: 4_000, output: 2_000 } };
  return recordedIn([
    {
      invocation: sampleInvocation('a', { startedAtMs: completedAtMs }),
      update: { threadId: 'thread-1' },
      responses: [
        sampleResponse('1', used),
        sampleResponse('2', { ...used, provider: 'claude', model: 'claude-opus-5' }),
        sampleResponse('3', { ...used, serviceTier: 'flex' }),
      ],
    },
  ]);
}

const usage = (args: string[], setting: Partial<Setting> = {}) => {
  return runUsage(args, { database: createDatabase(), ...setting });
};

/** A folder whose configuration asks for credits. */
function createPlace(unit = 'credits'): string {
  const cwd = createFolder();
  writeFileSync(join(cwd, 'codex-metered.toml'), `unit = "${unit}"\n`);
  return cwd;
}

describe('credits', () => {
  it('stand beside the cost where they are asked for, with what is left out', async () => {
    for (const report of ['daily', 'model', 'project', 'phase', 'blocks', 'run', 'session']) {
      const { exitCode, stdout } = await usage([report, '--unit', 'credits']);
      expect(exitCode, report).toBe(0);
      expect(stdout, report).toMatch(/Cost +Credits/);
      expect(stdout, report).toMatch(/\n *total .*\$\S+ +0\.9800\+/);
      const text = stdout.replaceAll(/\s+/g, ' ');
      expect(text, report).toContain('Credits are unconfirmed');
      expect(text, report).toContain('Those of 1 response of Codex are not known');
    }
  });

  it('are asked for once and for all by the configuration, and the option wins', async () => {
    const cwd = createPlace();
    expect((await usage(['daily'], { cwd })).stdout).toContain('Credits');
    expect((await usage(['daily', '--unit', 'usd'], { cwd })).stdout).not.toContain('Credits');
    expect((await usage(['daily'])).stdout).not.toContain('Credits');
    expect((await usage(['config', '--json'], { cwd })).stdout).toContain('"name": "unit"');
  });

  it('are a column of the Markdown and fields of the JSON beside the cost, and unconfirmed once', async () => {
    for (const args of [['daily'], ['run', '--breakdown'], ['blocks']]) {
      const { stdout } = await usage([...args, '--json', '--unit', 'credits']);
      const json = JSON.parse(stdout);
      expect(json.totals).toMatchObject({ costCredits: 0.98, unratedResponseCount: 1 });
      expect(json.credits).toMatchObject({ unconfirmed: true, creditsPerUsd: 25 });
      expect(stdout.match(/unconfirmed/g)).toHaveLength(1);
    }
    const { stdout } = await usage(['run', '--breakdown', '--json', '--unit', 'credits']);
    expect((await usage(['run', '--markdown', '--unit', 'credits'])).stdout).toMatch(/\| Cost \| Credits \|/);
    const { responses } = JSON.parse(stdout).invocations[0];
    expect(responses.map((one: { costCredits: number | null }) => one.costCredits)).toEqual([0.98, null, null]);
    expect((await usage(['daily', '--json'])).stdout).not.toContain('Credits');
  });

  it('are in the lists of runs and sessions', async () => {
    for (const list of ['run', 'session']) {
      const { stdout } = await usage([list, '--list', '--unit', 'credits']);
      expect(stdout).toMatch(/Cost +Credits/);
      expect(stdout).toMatch(/ 0\.9800\+ /);
      expect(stdout).toContain('Credits are unconfirmed');
      const json = JSON.parse((await usage([list, '--list', '--json', '--unit', 'credits'])).stdout);
      expect(json[`${list}s`]).toEqual([expect.objectContaining({ costCredits: 0.98, unratedResponseCount: 1 })]);
      expect(json.credits).toMatchObject({ unconfirmed: true });
    }
  });

  it('are a unit that is known: another word is an error with exit code 2', async () => {
    const { exitCode, stderr } = await usage(['daily'], { cwd: createPlace('tokens') });
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('unit must be "usd" or "credits"')]);
    expect((await usage(['daily', '--unit', 'tokens'])).exitCode).toBe(2);
  });
});
