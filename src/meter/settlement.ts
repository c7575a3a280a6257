import type { CodexCommand } from '../process/argv.js';
import type { Invocation, ModelResponse, Note } from '../usage/record.js';
import type { RecordedBefore } from '../usage/resumed-total.js';
import { equalUsage, isNoUsage, keepReported, sumUsage } from '../usage/usage.js';
import { fallBack } from './fallback.js';
import type { FollowedFile } from './followed-file.js';
import type { End } from './meter.js';
import type { OutputFacts, TimedRemark } from './output-reader.js';

/**
 * Whether `invocation.codexHome` is that of the server that runs the threads (`--remote`). `unknown`: it is this user's own,
 * because the server's could not be found out; `none`: Codex runs the threads itself.
 */
export type ServerHome = 'none' | 'known' | 'unknown';

/** A run that has ended, all of whose evidence has been read. */
export interface EndedRun {
  readonly invocation: Invocation & { readonly codexHome: string };
  readonly command: CodexCommand;
  readonly end: End;
  /** Whether it is known where the session files lie: a server that `--remote` names writes them to a home of its own. */
  readonly serverHome: ServerHome;
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
  record(responses: readonly ModelResponse[]): void;
  note(notes: readonly Note[]): void;
}

/** Checks what was counted, and takes the next best evidence for the rest: an estimate, then the figures in the output. */
export async function settle(run: EndedRun): Promise<void> {
  const { invocation, command, end, files, root, facts, threadId } = run;
  run.note(files.flatMap(({ thread }) => thread.notes));
  if (facts) run.note([...checkTurnTotal(facts, root), ...describeRemarks(facts.remarks)]);
  if (command.threads === 'interactive') {
    const { describeUncountedTitles } = await import('./uncounted-titles.js');
    const threadIds = files.map(({ thread }) => thread.id);
    run.note(await describeUncountedTitles(invocation.codexHome, threadIds, invocation.startedAtMs));
  }
  // Loaded only here: most providers report usage, and this takes as long to load as the database.
  const uncounted = files.filter(({ thread }) => thread.unchangedTotals > 0);
  for (const file of uncounted) {
    const { estimateMissing } = await import('./estimate-missing.js');
    const estimated = await estimateMissing(file, {
      codexHome: invocation.codexHome,
      sinceMs: invocation.startedAtMs,
      lastTurnFailed: end.status === 'failed' && file === root,
      reconnects: file === root && facts?.threadId ? facts.reconnects : undefined,
    });
    run.record(estimated.responses);
    run.note(estimated.notes);
  }
  // When counts in a session file are impossible, Codex's totals include the same counts.
  if (run.counted() > 0 || files.some(({ thread }) => thread.refused > 0)) return;
  // A Codex that failed before it named a thread called no model.
  if (!facts || (!threadId && end.status !== 'completed')) return;
  const resumed = /resume|fork/.test(command.name);
  const fallback = fallBack({
    invocationId: invocation.id,
    facts: resumed && root?.unreadable.size === 0 ? withoutTotals(facts) : facts,
    model: command.model,
    resumed,
    recordedBefore: run.readRecordedBefore(threadId ?? ''),
    endedAtMs: end.endedAtMs,
    missing: describeMissing(run),
  });
  run.record(fallback.responses);
  run.note(fallback.notes);
}

/**
 * What Codex's output says where the whole session file of a resumed thread was read and holds no response of this run: the
 * totals in the output are then the earlier turns' (0.171 prints them when a resumed turn fails).
 */
function withoutTotals(facts: OutputFacts): OutputFacts {
  return { ...facts, turnTotals: [], blendedTokens: undefined };
}

/** Why the session file did not count. */
function describeMissing({ files, serverHome, command }: EndedRun): string {
  if (files.length > 0) return 'the session file counts no response of this run';
  if (command.remote === undefined) return 'no session file';
  return serverHome === 'unknown'
    ? 'no session file here: the server of --remote writes it, whose CODEX_HOME is not known (--meter-server-home says it)'
    : "no session file in the CODEX_HOME of --remote's server";
}

/**
 * Compares Codex's last `turn.completed` with the root thread's session file. It must equal what the thread's turns of this
 * invocation used, or the total of the thread's whole life (resume since 0.80). Zeros are not compared (`exec review`, a
 * provider without usage). Any other difference is noted as a disagreement; the session file's figures are recorded.
 */
export function checkTurnTotal(facts: OutputFacts, root: FollowedFile | undefined): Note[] {
  const claimed = facts.turnTotals.at(-1);
  if (!root || !claimed || isNoUsage(claimed)) return [];
  const counted = sumUsage(root.thread.responses.map(({ usage }) => usage));
  if ([counted, ...root.thread.totals].some((usage) => equalUsage(keepReported(usage, claimed, 'codex'), claimed)))
    return [];
  const reason = 'turn.completed differs from the session file, which is what is recorded';
  const claims = { claimedInput: claimed.input, claimedOutput: claimed.output };
  const counts = { countedInput: counted.input, countedOutput: counted.output };
  return [{ kind: 'disagreement', reason, figures: { ...claims, ...counts } }];
}

/** Notes on what Codex's output reported of the model and the tier that served. */
function describeRemarks(remarks: readonly TimedRemark[]): Note[] {
  return remarks.map((remark) => {
    if (remark.kind === 'rerouted') {
      const reason = 'another model answered than was asked for: the one that answered is recorded';
      return { kind: 'disagreement', reason, figures: { asked: remark.from, answered: remark.to } };
    }
    const reason = 'Codex did not ask for the service tier that was set: the model does not offer it';
    return { kind: 'disagreement', reason, figures: { model: remark.model, tier: remark.tier } };
  });
}
