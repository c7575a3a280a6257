/**
 * Has the next import read the session files anew whose thread has no project. An import that found such a file empty, or
 * its header cut, left it without one for good in earlier versions. Each response still counts once.
 */
export const LOST_PROJECTS = `
UPDATE history_files SET size_bytes = -1, read_bytes = 0, state = NULL
WHERE provider = 'codex'
  AND iif(thread_id IS NULL, responses > 0, NOT EXISTS (
    SELECT 1 FROM threads t WHERE t.id = history_files.thread_id AND t.cwd IS NOT NULL));
`;
