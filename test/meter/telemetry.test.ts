import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parseOtelBody } from '../../src/agents/codex/otel.js';
import { dayFolder } from '../../src/agents/codex/sessions.js';
import { Telemetry, type TelemetryConnection } from '../../src/meter/telemetry.js';
import { describeCommand } from '../../src/process/argv.js';
import type { ModelResponse } from '../../src/usage/record.js';
import { completedRecord, otelBody } from '../harness/otel.js';
import { waitFor } from '../harness/wait.js';
import { sampleInvocation } from '../store/samples.js';

const FILED = '01a20d97-bd95-7c43-b119-000000000001';
const UNFILED = '01a20d97-bd95-7c43-b119-000000000002';
const CONNECTED: TelemetryConnection = { absent: undefined, refused: new Map() };

let codexHome: string;
beforeEach(() => {
  codexHome = mkdtempSync(join(tmpdir(), 'telemetry-'));
});
afterEach(() => rmSync(codexHome, { recursive: true, force: true }));

function start(args: readonly string[], connection: TelemetryConnection | undefined = CONNECTED) {
  const taken: ModelResponse[] = [];
  const found: string[] = [];
  const telemetry = new Telemetry({
    invocation: { ...sampleInvocation('run'), codexHome },
    command: describeCommand(args),
    connection,
    isRead: () => false,
    onFile: async (path) => void found.push(path),
    onProgress: () => taken.push(...telemetry.take()),
  });
  const report = (...records: unknown[]): void => telemetry.add(parseOtelBody(otelBody(...records)));
  return { telemetry, taken, found, report };
}

const startRun = () => start(['exec', '--ephemeral', 'fix']);
const startServer = () => start(['app-server']);

function writeFile(threadId: string): string {
  const folder = dayFolder(codexHome, Date.now());
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `rollout-2026-11-28T13-00-00-${threadId}.jsonl`);
  writeFileSync(path, '');
  return path;
}

function counted(threadId: string, input: number): object {
  return completedRecord(threadId, { input, output: 1 });
}

describe('what telemetry tells', () => {
  test('is taken at once of a thread that keeps no session file', async () => {
    const { telemetry, taken, report } = startRun();
    report(counted(UNFILED, 10));
    await waitFor('the response', () => taken.length === 1);
    report(counted(UNFILED, 20));
    expect(taken).toMatchObject([
      { threadId: UNFILED, evidence: 'otel', source: 'actual', usage: { input: 10 } },
      { threadId: UNFILED, usage: { input: 20 } },
    ]);
    expect(telemetry.notes()).toEqual([]);
  });

  test('is left to the file where a thread has one, and the file is named', async () => {
    const { telemetry, taken, found, report } = startServer();
    const path = writeFile(FILED);
    report(counted(FILED, 10), counted(UNFILED, 20), completedRecord(FILED));
    expect(taken).toEqual([]);
    await telemetry.settle();
    expect(taken).toMatchObject([{ threadId: UNFILED }]);
    expect(found).toEqual([path]);
    expect(telemetry.notes()).toEqual([]);
  });

  test('waits for the file that a thread of a server gets a moment later', async () => {
    const { telemetry, taken, found, report } = startServer();
    report(counted(FILED, 10));
    const path = writeFile(FILED);
    await waitFor('the file', () => found.length === 1);
    expect(found).toEqual([path]);
    await telemetry.settle();
    expect(taken).toEqual([]);
  });

  test('is taken while a server runs, without waiting for its end', async () => {
    const { taken, report } = startServer();
    report(counted(UNFILED, 10));
    await waitFor('the response', () => taken.length === 1);
  });

  test("is no response where a websocket's prewarming request shows as one of zero tokens", async () => {
    const { telemetry, taken, report } = startRun();
    const prewarming = completedRecord(UNFILED, { input: '0', output: '0' });
    report(prewarming, counted(UNFILED, 10), prewarming);
    await telemetry.settle();
    expect(taken).toMatchObject([{ usage: { input: 10 } }]);
    expect(telemetry.notes()).toEqual([]);
  });

  test('is noted where a response came without usage, or with zeros', async () => {
    const { telemetry, taken, report } = startRun();
    const zeros = completedRecord(UNFILED, { input: '0', output: '0' });
    const announced = completedRecord(UNFILED);
    report(announced, counted(UNFILED, 10), announced, announced, zeros);
    await telemetry.settle();
    expect(taken).toHaveLength(1);
    expect(telemetry.notes()).toMatchObject([{ kind: 'fallback', figures: { responses: 2 } }]);
  });

  test('is no doubt where a response without usage is of a thread that has a file', async () => {
    const { telemetry, found, report } = startServer();
    const path = writeFile(FILED);
    report(completedRecord(FILED));
    await telemetry.settle();
    expect(found).toEqual([path]);
    expect(telemetry.notes()).toEqual([]);
    expect(telemetry.leavesDoubt).toBe(false);
  });

  test('is noted where it cannot be read, once, and its neighbours are taken', async () => {
    const { telemetry, taken, report } = startRun();
    const announced = completedRecord(UNFILED);
    const bad = completedRecord(UNFILED, { input: '-5', output: '1' });
    report(announced, counted(UNFILED, 10), announced, bad, announced, counted(UNFILED, 20));
    telemetry.add(parseOtelBody('{'));
    await telemetry.settle();
    expect(taken.map(({ usage }) => usage.input)).toEqual([10, 20]);
    expect(telemetry.notes()).toMatchObject([
      { kind: 'unreadable', reason: expect.stringContaining('cannot be'), figures: { lines: 1 } },
      { kind: 'unreadable', reason: expect.stringContaining('not JSON'), figures: { lines: 1 } },
    ]);
  });
});

describe('a server', () => {
  test('that was not asked, or reports nothing, gets a note that says why', () => {
    const why = 'threads of this server that keep no session file, if it ran any, are not recorded: ';
    const notes = (absent: TelemetryConnection['absent']) =>
      start(['app-server'], { absent, refused: new Map() }).telemetry.notes();
    expect(notes('own exporter')).toMatchObject([{ reason: `${why}telemetry of the user's own is set up` }]);
    expect(notes('proxy')).toMatchObject([{ reason: `${why}its telemetry would go through a proxy` }]);
    expect(notes(undefined)).toMatchObject([{ reason: `${why}Codex reported nothing` }]);
  });

  test('gets a note of who was turned away', () => {
    const refused = new Map([['it did not come from this Codex', 3]]);
    const { telemetry, report } = start(['app-server'], { absent: undefined, refused });
    report(counted(UNFILED, 1));
    expect(telemetry.notes()).toMatchObject([
      {
        kind: 'unreadable',
        reason: 'telemetry was turned away: it did not come from this Codex',
        figures: { requests: 3 },
      },
    ]);
  });
});
