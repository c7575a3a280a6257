import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { type FileImport, openHistoryStore } from '../../src/store/history.js';
import { Packer } from '../../src/store/pack.js';
import { openStore, type Store } from '../../src/store/store.js';
import type { Attribution, Invocation, PricedResponse } from '../../src/usage/record.js';
import { completeUsage, type Usage } from '../../src/usage/usage.js';

/** 2026-03-04 05:06:07 UTC */
export const START = Date.UTC(2026, 2, 4, 5, 6, 7);

/** A folder of the running test alone. */
export function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'codex-metered-test-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A new store of the running test alone. */
export function createStore(path = join(createFolder(), 'usage.db')): Store {
  const store = openStore(path, { mode: 'write', busyTimeoutMs: 5000 });
  onTestFinished(() => store.close());
  return store;
}

export function sampleInvocation(
  id: string,
  { attribution, ...rest }: Partial<Omit<Invocation, 'attribution'>> & { attribution?: Partial<Attribution> } = {},
): Invocation {
  return {
    id,
    attribution: {
      projectId: 'shop',
      runId: 'nightly-7',
      phase: 'builder',
      iteration: undefined,
      origins: { project: 'git', run: 'environment', phase: 'output path', iteration: 'default' },
      ...attribution,
    },
    command: 'exec',
    cwd: '/home/ada/shop',
    codexHome: '/home/ada/.codex',
    codexPath: '/usr/bin/codex',
    meterPid: 4242,
    codexPid: 4243,
    startedAtMs: START,
    ...rest,
  };
}

/** Costs 1,000 nano-USD per input token and 8,000 per output token, unless `costNanoUsd` says otherwise. */
export function sampleResponse(
  key: string,
  { usage, ...rest }: Partial<Omit<PricedResponse, 'usage'>> & { usage?: Partial<Usage> } = {},
): PricedResponse {
  const counts = completeUsage({ input: 1000, cachedInput: 400, output: 200, reasoning: 50, ...usage });
  return {
    threadId: 'thread-1',
    key,
    turnId: 'turn-1',
    rootTurnId: 'turn-1',
    model: 'gpt-5.3-codex',
    serviceTier: undefined,
    usage: counts,
    evidence: 'usage_record',
    source: 'actual',
    completedAtMs: START + 1000,
    costNanoUsd: counts.input * 1000 + counts.output * 8000,
    price: { inputCostPer1kUsd: 0.001, outputCostPer1kUsd: 0.008 },
    ...rest,
  };
}

/** What an import finds in one reading of a session file: responses of one thread, which lie packed then. */
export interface SampleSession {
  readonly path?: string;
  readonly threadId?: string;
  /** `unknown`: the file does not name its folder. */
  readonly projectId?: string;
  readonly responses: readonly PricedResponse[];
}

/** Imports session files of Codex, each in a transaction of one import. Returns how many responses of each were new. */
export function importSessions({ path }: Pick<Store, 'path'>, ...sessions: readonly SampleSession[]): number[] {
  const history = openHistoryStore(path, {
    busyTimeoutMs: 0,
    bill: () => ({ costNanoUsd: undefined, price: undefined }),
  });
  try {
    return sessions.map((session) => history.write([toImport(session)]));
  } finally {
    history.close();
  }
}

function toImport({
  path = 'a.jsonl',
  threadId = 'thread-1',
  projectId = 'shop',
  responses,
}: SampleSession): FileImport {
  const packer = new Packer();
  for (const { costNanoUsd, price, ...response } of responses) {
    packer.add({ ...response, threadId }, { costNanoUsd, price });
  }
  const header = { kind: 'main', cwd: projectId === 'unknown' ? undefined : '/shop', cliVersion: '0.169.0' };
  return {
    file: {
      ...{ path, provider: 'codex', threadId, sizeBytes: 1, modifiedAtMs: 1, readBytes: 1, state: null },
      ...{ responses: responses.length, unreadableLines: 0, problem: null },
    },
    threads: [{ id: threadId, provider: 'codex', rootId: threadId, projectId, ...header, startedAtMs: START }],
    packs: packer.take(),
    responses: [],
  };
}
