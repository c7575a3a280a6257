import { isAlive } from '../../process/processes.js';
import { createCalendar } from '../../report/calendar.js';
import { readLiveView } from '../../report/live.js';
import { toChangeJson } from '../../report/live-changes.js';
import { SCHEMA_VERSION, toIso } from '../../report/sums-json.js';
import {
  countStatuses,
  readEvidence,
  readNoteGroups,
  readUnpricedModels,
  readUnreadableFiles,
} from '../../store/health.js';
import type { Connection } from '../../store/open.js';
import { listPendingInvocations } from '../../store/pending.js';
import { listNames } from '../../store/period-queries.js';
import { findProjects } from '../../store/scopes.js';
import { listTags } from '../../store/tags.js';
import type { Question } from '../answers.js';
import { name } from '../parameters.js';

/** Who has more branches finds one by its address. */
const MOST_NAMES = 200;

/** What the page needs before it asks for anything: what there is to choose from. */
export const statusQuestion: Question<object> = {
  path: '/api/status',
  parameters: {},
  answer: (connection, _values, { version, database }) => ({
    schemaVersion: SCHEMA_VERSION,
    kind: 'status',
    version,
    database,
    projectIds: findProjects(connection),
    modelNames: listNames(connection, 'model'),
    branchNames: listTags(connection, 'branch').slice(0, MOST_NAMES),
    tags: listOwnTags(connection).slice(0, MOST_NAMES),
  }),
};

/** As `key=value`. Branches are a choice of their own, and of commits there are too many to choose one. */
function listOwnTags(connection: Connection): string[] {
  const keys = listTags(connection).filter((key) => key !== 'branch' && key !== 'commit');
  return keys.flatMap((key) => listTags(connection, key).map((value) => `${key}=${value}`));
}

/** The invocations that have not ended, in the format of `codex-usage watch --json`. */
export const nowQuestion: Question<{ project: string | undefined }> = {
  path: '/api/now',
  parameters: { project: name },
  answer(connection, { project }, { now, timeZone, pending }) {
    const nowMs = now();
    const calendar = createCalendar(timeZone);
    const startOfTodayMs = calendar.startOf(calendar.dayOf(nowMs));
    const view = readLiveView(connection, {
      projectId: project,
      nowMs,
      startOfTodayMs,
      calendar,
      endedWithinMs: 0,
      isAlive,
      isPending: (id) => pending !== undefined && listPendingInvocations(pending).has(id),
    });
    const running = view.invocations.filter(({ state }) => state !== 'ended');
    return {
      schemaVersion: SCHEMA_VERSION,
      kind: 'now',
      running: running.map((invocation) => toChangeJson({ kind: 'invocation', invocation }, nowMs)),
    };
  },
};

const MOST_FILES = 200;

/** What a reader of the figures must know of them: what was not reported, not priced, not readable. */
export const healthQuestion: Question<object> = {
  path: '/api/health',
  parameters: {},
  answer: (connection) => ({
    schemaVersion: SCHEMA_VERSION,
    kind: 'health',
    statusCounts: countStatuses(connection),
    evidence: readEvidence(connection).map(({ responses, ...evidence }) => ({ ...evidence, responseCount: responses })),
    notes: readNoteGroups(connection).map(({ firstNotedAtMs, lastNotedAtMs, ...group }) => ({
      ...group,
      firstNotedAt: toIso(firstNotedAtMs),
      lastNotedAt: toIso(lastNotedAtMs),
    })),
    unpricedModels: readUnpricedModels(connection).map(({ unpricedResponses, firstAtMs, lastAtMs, ...model }) => ({
      ...model,
      unpricedResponseCount: unpricedResponses,
      firstAt: toIso(firstAtMs),
      lastAt: toIso(lastAtMs),
    })),
    unreadableFiles: readUnreadableFiles(connection, MOST_FILES).map(({ importedAtMs, ...file }) => ({
      ...file,
      importedAt: toIso(importedAtMs),
    })),
  }),
};
