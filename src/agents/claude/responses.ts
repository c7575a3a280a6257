import type { HistoryThread } from '../../store/history.js';
import type { ModelResponse } from '../../usage/record.js';
import type { NameProject } from '../session-reader.js';
import type { TranscriptMessage } from './transcript.js';

/** Where a message is recorded. */
interface Place {
  readonly threadId: string;
  readonly key: string;
  readonly startedAtMs: number;
}

/** A model that no line names. */
const UNKNOWN_MODEL = 'unknown';

/** The response that a line tells of, and those of other models that stand within it. */
export function toResponses(line: TranscriptMessage, { threadId, key, startedAtMs }: Place): ModelResponse[] {
  const { model, serviceTier, usage, cacheWrite1h, fees, inner } = line;
  const common = {
    provider: 'claude',
    threadId,
    turnId: undefined,
    rootTurnId: undefined,
    evidence: 'usage_record',
    source: 'actual',
    completedAtMs: startedAtMs,
  } as const;
  return [
    { ...common, key, model, serviceTier, usage, cacheWrite1h, fees },
    ...inner.map((one) => ({
      ...common,
      key: `${key}/${one.name}`,
      model: one.model ?? (one.name.startsWith('compaction') ? model : UNKNOWN_MODEL),
      serviceTier: undefined,
      usage: one.usage,
      cacheWrite1h: one.cacheWrite1h,
    })),
  ];
}

/** The thread with the name `id`, as one of its lines tells of it. */
export function toThread(
  id: string,
  line: Pick<TranscriptMessage, 'sessionId' | 'agentId' | 'cwd' | 'version' | 'atMs'>,
  nameProject: NameProject,
): HistoryThread {
  const { sessionId, agentId, cwd, version, atMs } = line;
  return {
    id,
    provider: 'claude',
    rootId: sessionId,
    projectId: cwd === undefined ? 'unknown' : nameProject(cwd),
    kind: agentId === undefined ? 'main' : 'subagent',
    cwd,
    cliVersion: version,
    startedAtMs: atMs,
  };
}
