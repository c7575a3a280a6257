import { listNames } from '../../store/period-queries.js';
import { findProjects } from '../../store/scopes.js';
import type { Question } from '../answers.js';

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
  }),
};
