import { addressOf } from './address.js';
import type { CostReport, RunName } from './answers.js';

/** Why a run, a part of it or a session cost what it cost: docs/json.md. */
export interface Why extends Partial<RunName> {
  readonly threadId?: string;
  /** Null for all of it, as `iteration` is. */
  readonly phase: string | null;
  readonly iteration: number | null;
  readonly totalNanoUsd: number;
  readonly parts: readonly {
    readonly part: string;
    readonly name: string;
    readonly tokens: number | null;
    readonly costNanoUsd: number;
    readonly medianNanoUsd: number | null;
  }[];
  readonly comparedWith: { readonly iterationCount: number; readonly medianNanoUsd: number } | null;
  readonly dearestResponses: readonly {
    readonly responseKey: string;
    readonly phase: string | null;
    readonly iteration: number | null;
    readonly model: string;
    readonly completedAt: string;
    readonly inputTokens: number;
    readonly cachedInputTokens: number;
    readonly outputTokens: number;
    readonly costNanoUsd: number;
    readonly explanation: string;
  }[];
  readonly causes: readonly {
    readonly kind: string;
    readonly name: string;
    readonly costNanoUsd: number;
    readonly responseCount: number;
  }[];
  readonly nextStep: string;
  readonly gaps: readonly string[];
}

/** What is explained, as the address says it: `reviewer/3`, `/3` for all phases of an iteration, `reviewer`, or `all`. */
export type WhyPart = string;

/** The address of the run's page at the explanation of one phase of an iteration, or of all its phases. */
export function addressOfWhy({ runId, projectId }: RunName, iteration?: number, phase = ''): string {
  const why = iteration === undefined ? 'all' : `${phase}/${iteration}`;
  return addressOf('/run', { id: runId, project: projectId, why });
}

/** Reads what is explained; nothing of it is set for all of it. */
export function readPart(part: WhyPart | undefined): { phase?: string; iteration?: string } {
  const [, phase, iteration] = /^([^/]*)(?:\/(\d+))?$/.exec(part === 'all' ? '' : (part ?? '')) ?? [];
  return { ...(phase ? { phase } : {}), ...(iteration ? { iteration } : {}) };
}

/** `reviewer 3`, `iteration 3`, `the phase reviewer` */
export function nameOf({ phase, iteration }: ReturnType<typeof readPart>): string {
  if (iteration === undefined) return `the phase ${phase}`;
  return phase === undefined ? `iteration ${iteration}` : `${phase} ${iteration}`;
}

/** The command that explains the same. */
export function commandOf(
  { runId, threadId }: CostReport,
  { phase = '', iteration }: ReturnType<typeof readPart>,
): string {
  const part = [...(phase || iteration ? [phase] : []), ...(iteration ? [iteration] : [])];
  const selector = [runId ?? threadId, ...part].join('/');
  return `codex-usage why ${/^[\w./-]+$/.test(selector) ? selector : `'${selector.replaceAll("'", "'\\''")}'`}`;
}
