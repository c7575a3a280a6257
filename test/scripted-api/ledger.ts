import type { ReportedUsage } from './script.js';

/** One model response, as the API billed it. The truth that every record is compared with. */
export interface LedgerEntry {
  sequence: number;
  /** Its index in the API's `requests`. */
  request: number;
  responseId: string;
  threadId: string | undefined;
  turnId: string | undefined;
  rootTurnId: string | undefined;
  /** `turn`, `compaction`, … as Codex names its request; undefined before Codex sent it. */
  requestKind: string | undefined;
  model: string;
  serviceTier: string | undefined;
  /** `null` when the script has the API report none. */
  usage: Required<ReportedUsage> | null;
  completedAtMs: number;
}

/** The request bodies stand beside the ledger to check estimates. They never reach the product. */
export interface ReceivedRequest {
  path: string;
  headers: Record<string, string>;
  body: Record<string, unknown>;
  /** The items that it was answered with. */
  answer: Record<string, unknown>[];
}

/** The sum that a bill would show for `entries`. Entries without usage add nothing. */
export function sumLedger(entries: readonly Pick<LedgerEntry, 'usage'>[]): Required<ReportedUsage> {
  const total = { input: 0, cached: 0, cacheWrite: 0, output: 0, reasoning: 0 };
  for (const { usage } of entries) {
    if (!usage) continue;
    for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += usage[key];
  }
  return total;
}
