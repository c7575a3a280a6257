import type { Way } from './way.js';
import { EXEC_WAYS } from './ways/exec.js';
import { PAGE_WAYS } from './ways/pages.js';
import { REMOTE_WAYS } from './ways/remote.js';
import { LEGACY_WAYS, THREAD_WAYS } from './ways/threads.js';

/** Every way to run Codex that the matrix plays, in the order of the table's rows. */
export const WAYS: readonly Way[] = [...EXEC_WAYS, ...PAGE_WAYS, ...REMOTE_WAYS, ...THREAD_WAYS, ...LEGACY_WAYS];
