import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { onTestFinished, vi } from 'vitest';
import { flushUsage, meterOpenAI } from '../../src/library/index.js';
import { type RecordedInvocation, readRecord } from '../harness/record.js';
import { type Asked, answerLikeOpenAI, type OpenAIServer, startOpenAIServer } from '../scripted-api/openai.js';

export interface Setting {
  readonly database: string;
  readonly stateFolder: string;
}

/** A database and a state folder of the running test alone, in the environment. */
export function useFolder(): Setting {
  const folder = mkdtempSync(join(tmpdir(), 'codex-metered-library-'));
  const setting = { database: join(folder, 'usage.db'), stateFolder: join(folder, 'state') };
  vi.stubEnv('CODEX_METERED_DB', setting.database);
  vi.stubEnv('CODEX_METERED_STATE_DIR', setting.stateFolder);
  onTestFinished(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });
  return setting;
}

export interface Clients extends Setting {
  readonly server: OpenAIServer;
  readonly direct: OpenAI;
  readonly metered: OpenAI;
  /** What is recorded once everything has been. */
  recorded(): Promise<RecordedInvocation[]>;
}

/** Two clients of one scripted API, of which one is metered as the chat of run r1 in project shop. */
export async function openClients(answer: (asked: Asked) => ReturnType<typeof answerLikeOpenAI> = answerLikeOpenAI) {
  const setting = useFolder();
  const server = await startOpenAIServer(answer);
  onTestFinished(() => server.close());
  const direct = new OpenAI({ apiKey: 'none', baseURL: server.url, maxRetries: 0 });
  const metered = meterOpenAI(direct, { category: 'chat', project: 'shop', runId: 'r1' });
  const recorded = async () => {
    await flushUsage();
    return readRecord(setting.database);
  };
  return { ...setting, server, direct, metered, recorded } satisfies Clients;
}
