import type { HistoryThread } from '../../store/history.js';
import type { ModelResponse } from '../../usage/record.js';
import { isPossibleTag, type Tag } from '../../usage/tags.js';
import type { NameProject } from '../session-reader.js';
import type { LineContext } from './session.js';
import type { TranscriptMessage } from './transcript.js';

/** The model of responses for which no line names one. */
const UNKNOWN_MODEL = 'unknown';

/** Returns the response in a line, and the responses of other models within it, as those of a message of this thread and key. */
export function toResponses(
  line: TranscriptMessage,
  { threadId, key, completedAtMs }: Pick<ModelResponse, 'threadId' | 'key' | 'completedAtMs'>,
): ModelResponse[] {
  const { model, serviceTier, usage, cacheWrite1h, fees, inner } = line;
  const common = {
    provider: 'claude',
    threadId,
    turnId: undefined,
    rootTurnId: undefined,
    evidence: 'usage_record',
    source: 'actual',
    completedAtMs,
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

/** Returns the thread `id`, as one of its lines describes it. */
export function toThread(
  id: string,
  line: LineContext & Pick<TranscriptMessage, 'agentId'>,
  nameProject: NameProject,
): HistoryThread {
  const { sessionId, agentId, cwd, version, gitBranch, atMs } = line;
  const branch = { key: 'branch', value: gitBranch ?? '' };
  return {
    id,
    provider: 'claude',
    rootId: sessionId,
    projectId: cwd === undefined ? 'unknown' : nameProject(cwd),
    kind: agentId === undefined ? 'main' : 'subagent',
    cwd,
    cliVersion: version,
    startedAtMs: atMs,
    tags: isBranch(branch) ? [branch] : [],
  };
}

/** Claude Code writes `HEAD` where no branch is checked out, and nothing outside of a work tree. */
function isBranch(tag: Tag): boolean {
  return tag.value !== 'HEAD' && isPossibleTag(tag);
}
