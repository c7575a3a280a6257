/** Nothing can be reported. `candidates` are runs or sessions that the reader may have meant, newest first. */
export class ReportError extends Error {
  override readonly name = 'ReportError';
  constructor(
    readonly kind: 'nothing-metered' | 'nothing-in-range' | 'unknown' | 'ambiguous',
    message: string,
    readonly candidates: readonly Candidate[] = [],
  ) {
    super(message);
  }
}

export interface Candidate {
  readonly id: string;
  readonly projectIds: readonly string[];
  readonly startedAtMs: number;
}
