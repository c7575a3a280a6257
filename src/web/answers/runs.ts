import { toCostJson } from '../../report/cost-json.js';
import { readCostReport } from '../../report/cost-report.js';
import { readList, toListJson } from '../../report/listing.js';
import { selectScope } from '../../report/selector.js';
import type { Connection } from '../../store/open.js';
import { findScopes } from '../../store/scopes.js';
import type { CostUnit } from '../../usage/options.js';
import type { Question } from '../answers.js';
import { count, name, requiredName } from '../parameters.js';

/** Nowhere: a page stands in no directory. */
const PLACE = { directory: '', below: undefined, projectId: '' };

/** As `codex-usage run --list --json`. */
export const runsQuestion: Question<{ project: string | undefined; last: number }> = {
  path: '/api/runs',
  parameters: { project: name, last: count(50, 1000) },
  answer(connection, { project, last }) {
    const [any] = findScopes(connection, 'run', { projectId: project, limit: 1 });
    // The command says that nothing has been metered; a list on a page is empty.
    if (!any && project === undefined) return toListJson('run', []);
    return toListJson('run', readList(connection, { kind: 'run', projectId: project, limit: last }));
  },
};

/** As `codex-usage run ID --breakdown --json`. */
export const runQuestion: Question<{ id: string; project: string | undefined }> = {
  path: '/api/run',
  parameters: { id: requiredName, project: name },
  answer: (connection, { id, project }, { unit }) =>
    readCost(connection, { kind: 'run', id, projectId: project }, unit),
};

/** As `codex-usage session ID --breakdown --json`. */
export const sessionQuestion: Question<{ id: string }> = {
  path: '/api/session',
  parameters: { id: requiredName },
  answer: (connection, { id }, { unit }) => readCost(connection, { kind: 'session', id, projectId: undefined }, unit),
};

interface Wish {
  readonly kind: 'run' | 'session';
  readonly id: string;
  readonly projectId: string | undefined;
}

function readCost(connection: Connection, wish: Wish, unit: CostUnit): object {
  const selection = selectScope(connection, { ...wish, place: PLACE });
  const report = readCostReport(connection, selection.scope, { detail: 'responses', unit, part: selection.part });
  return toCostJson(report, selection, { detail: 'responses' });
}
