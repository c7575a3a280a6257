import type { Connection } from '../../store/open.js';
import { listNames } from '../../store/period-queries.js';
import { findProjects } from '../../store/scopes.js';
import { listTags } from '../../store/tags.js';
import type { Question } from '../answers.js';

/** Who has more branches finds one by its address. */
const MOST_NAMES = 200;

/** What the page needs before it asks for anything: what there is to choose from. */
export const statusQuestion: Question<object> = {
  path: '/api/status',
  parameters: {},
  answer: (connection, _values, { version, database }) => ({
    schemaVersion: 1,
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
