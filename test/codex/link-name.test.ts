import { chmodSync, copyFileSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect } from 'vitest';
import { readRecord } from '../harness/record.js';
import { test } from '../harness/test.js';
import { METERED, type RunOptions, type Workbench } from '../harness/workbench.js';

/** Makes something in a folder of its own that is called `name`; returns its path. */
function place(bench: Workbench, name: string, make: (path: string) => void): string {
  const folder = join(bench.folder, 'called');
  mkdirSync(folder, { recursive: true });
  const path = join(folder, name);
  make(path);
  return path;
}

const link = (bench: Workbench, name: string, target: string) =>
  place(bench, name, (path) => symlinkSync(target, path));

const copy = (bench: Workbench, name: string) =>
  place(bench, name, (path) => {
    copyFileSync(METERED, path);
    chmodSync(path, 0o755);
  });

/** What is recorded of an `exec` that was called by the path `called`. */
async function runAs(bench: Workbench, called: string, options: RunOptions = {}) {
  const { exitCode, stderr } = await bench.run(['exec', 'hello'], { called, ...options });
  expect(exitCode, stderr.toString()).toBe(0);
  return readRecord(bench.database).at(-1);
}

describe('the name by which codex-metered is called', () => {
  test('says the phase', async ({ bench }) => {
    for (const phase of ['builder', 'reviewer', 'chat', 'handoff', 'other']) {
      const called = link(bench, `codex-metered-${phase}`, METERED);
      expect(await runAs(bench, called)).toMatchObject({ phase, notes: [] });
    }
  });

  test('may be that of any link on the way to the program, the nearest first', async ({ bench }) => {
    const chat = link(bench, 'codex-metered-chat', METERED);
    const codex = link(bench, 'codex', 'codex-metered-chat');
    const review = link(bench, 'codex-metered-review', codex);
    expect((await runAs(bench, codex))?.phase).toBe('chat');
    expect((await runAs(bench, review))?.phase).toBe('reviewer');
    expect((await runAs(bench, chat))?.phase).toBe('chat');
  });

  test('may be that of a copy, which uses what the codex-metered on PATH uses', async ({ bench }) => {
    const called = copy(bench, 'codex-metered-handoff');
    link(bench, 'codex-metered', METERED);
    const env = { PATH: [join(bench.folder, 'called'), process.env.PATH].join(delimiter) };
    expect((await runAs(bench, called, { env }))?.phase).toBe('handoff');
  });

  test('goes before the path of the last message and the variable, and behind the option', async ({ bench }) => {
    const called = link(bench, 'codex-metered-reviewer', METERED);
    const env = { CODEX_METERED_PHASE: 'chat' };
    const folder = join(bench.workTree, 'r1', 'builder', 'iter-3');
    mkdirSync(folder, { recursive: true });
    await bench.run(['exec', '-o', 'r1/builder/iter-3/result.json', 'hello'], { called, env });
    expect(readRecord(bench.database).at(-1)).toMatchObject({ phase: 'reviewer', runId: 'r1', iteration: 3 });
    expect((await runAs(bench, called, { env, meter: ['--meter-phase', 'handoff'] }))?.phase).toBe('handoff');
  });

  test('is noted where it says what is no phase, and Codex runs', async ({ bench }) => {
    const called = link(bench, 'codex-metered-reviwer', METERED);
    const env = { CODEX_METERED_PHASE: 'chat' };
    const recorded = await runAs(bench, called, { env });
    expect(recorded).toMatchObject({ phase: 'chat', notes: [{ kind: 'fault', figures: '{"name":"reviwer"}' }] });
    expect(await runAs(bench, METERED)).toMatchObject({ phase: 'other', notes: [] });
  });
});

describe('a copy of codex-metered', () => {
  test('says what to do where no codex-metered is on PATH', async ({ bench }) => {
    const called = copy(bench, 'codex-metered-chat');
    // The folder of Node alone, which its first line asks `env` for.
    const bin = join(bench.folder, 'node-only');
    mkdirSync(bin);
    symlinkSync(process.execPath, join(bin, 'node'));
    const { exitCode, stderr } = await bench.run(['exec', 'hello'], { called, env: { PATH: bin } });
    expect(stderr.toString()).toContain('is a copy of codex-metered, and there is no codex-metered on PATH');
    expect(exitCode).toBe(1);
  });
});

describe('a script that calls codex-metered for one phase', () => {
  test('says it where the installation made a script of codex-metered and no link', async ({ bench }) => {
    const shim = place(bench, 'codex-metered', (path) =>
      writeFileSync(path, `#!/bin/sh\nexec node "${METERED}" "$@"\n`, { mode: 0o755 }),
    );
    const called = place(bench, 'codex-metered-reviewer', (path) =>
      writeFileSync(path, `#!/bin/sh\nexec "${shim}" --meter-phase reviewer "$@"\n`, { mode: 0o755 }),
    );
    expect((await runAs(bench, called))?.phase).toBe('reviewer');
  });
});
