import type { ModelResponse, Note } from '../usage/record.js';
import type { FollowedFile } from './session-follower.js';

/** Placeholder until the estimate room lands. */
export async function estimateMissing(
  _files: readonly FollowedFile[],
  _sinceMs: number,
  _failed: boolean,
): Promise<{ responses: ModelResponse[]; notes: Note[] }> {
  return { responses: [], notes: [] };
}
