import { SCHEMA_VERSION, toIso } from '../../report/sums-json.js';
import {
  countStatuses,
  readEvidence,
  readNoteGroups,
  readUnpricedModels,
  readUnreadableFiles,
} from '../../store/health.js';
import type { Question } from '../answers.js';

const MOST_FILES = 200;

/** What a reader of the figures must know of them: what was not reported, not priced, not readable. */
export const healthQuestion: Question<object> = {
  path: '/api/health',
  parameters: {},
  answer: (connection) => ({
    schemaVersion: SCHEMA_VERSION,
    kind: 'health',
    statusCounts: countStatuses(connection),
    evidence: readEvidence(connection).map(({ source, evidence, responses }) => ({
      source,
      evidence,
      responseCount: responses,
    })),
    notes: readNoteGroups(connection).map(({ firstNotedAtMs, lastNotedAtMs, ...group }) => ({
      ...group,
      firstNotedAt: toIso(firstNotedAtMs),
      lastNotedAt: toIso(lastNotedAtMs),
    })),
    unpricedModels: readUnpricedModels(connection).map(
      ({ provider, model, unpricedResponses, firstAtMs, lastAtMs }) => ({
        provider,
        model,
        unpricedResponseCount: unpricedResponses,
        firstAt: toIso(firstAtMs),
        lastAt: toIso(lastAtMs),
      }),
    ),
    unreadableFiles: readUnreadableFiles(connection, MOST_FILES).map(({ importedAtMs, ...file }) => ({
      ...file,
      importedAt: toIso(importedAtMs),
    })),
  }),
};
