import { createClaudeReader, type SavedTranscript } from '../agents/claude/reader.js';
import { createCodexReader } from '../agents/codex/reader.js';
import type { SavedThread } from '../agents/codex/thread-state.js';
import type { SessionReader } from '../agents/session-reader.js';
import type { FileImportTools } from './file-import.js';
import type { FileTask } from './found-file.js';

/** Creates the reader of a provider's session file. `saved` is what the reader of an earlier import kept. */
export function createReader(
  { path, provider }: FileTask,
  tools: FileImportTools,
  saved: object | undefined,
): SessionReader {
  const { nameProject, pricer, scanner, packer, lines } = tools;
  if (provider === 'claude')
    return createClaudeReader({ path, nameProject, pricer, lines, saved: saved as SavedTranscript | undefined });
  return createCodexReader({ path, nameProject, pricer, scanner, packer, saved: saved as SavedThread | undefined });
}
