import type { CodexCommand } from '../process/argv.js';
import type { Invocation, ModelResponse, Note } from '../usage/record.js';
import type { RecordedBefore } from '../usage/resumed-total.js';
import { describeRemarks } from './corrections.js';
import { crossCheck } from './cross-check.js';
import { estimateMissing } from './estimate-missing.js';
import { fallBack } from './fallback.js';
import type { FollowedFile } from './followed-file.js';
import type { OutputFacts } from './output-reader.js';
import type { End } from './run.js';
import { describeUntold } from './untold.js';

/** A run that has ended, all of whose evidence has been read. */
export interface EndedRun {
  readonly invocation: Invocation & { readonly codexHome: string };
  readonly command: CodexCommand;
  readonly end: End;
  readonly endedAtMs: number;
  readonly threadId: string | undefined;
  readonly files: readonly FollowedFile[];
  /** The file of the thread that the run is. */
  readonly root: FollowedFile | undefined;
  /** What Codex's output said, where it was read. */
  readonly facts: OutputFacts | undefined;
  /** How many responses have been counted. */
  counted(): number;
  /** What is recorded of a thread, but not for this run. */
  readRecordedBefore(threadId: string): RecordedBefore;
  book(responses: readonly ModelResponse[]): void;
  note(notes: readonly Note[]): void;
}

/** Checks what was counted, and goes down the chain for what was not: an estimate, the output's own figures. */
export async function settle(run: EndedRun): Promise<void> {
  const { invocation, command, end, files, root, facts, threadId } = run;
  run.note(files.flatMap(({ thread }) => thread.notes));
  if (facts) run.note([...crossCheck(facts, root), ...describeRemarks(facts.remarks)]);
  if (command.threads === 'interactive') {
    const threadIds = files.map(({ thread }) => thread.id);
    run.note(await describeUntold(invocation.codexHome, threadIds, invocation.startedAtMs));
  }
  for (const file of files) {
    const estimated = await estimateMissing(file, {
      codexHome: invocation.codexHome,
      sinceMs: invocation.startedAtMs,
      lastTurnFailed: end.status === 'failed' && file === root,
      reconnects: file === root && facts?.threadId ? facts.reconnects : undefined,
    });
    run.book(estimated.responses);
    run.note(estimated.notes);
  }
  // A Codex that failed before it named a thread called no model.
  if (run.counted() > 0 || !facts || (!threadId && end.status !== 'completed')) return;
  const fallback = fallBack({
    invocationId: invocation.id,
    facts,
    model: command.model,
    resumed: /resume|fork/.test(command.name),
    recordedBefore: run.readRecordedBefore(threadId ?? ''),
    endedAtMs: run.endedAtMs,
  });
  run.book(fallback.responses);
  run.note(fallback.notes);
}
