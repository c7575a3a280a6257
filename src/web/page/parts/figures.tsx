import { BUDGET_EXIT_CODE } from '../../../usage/budget.js';
import type { InvocationEntry, Provider, RunningInvocation, Sums } from '../answers.js';
import { nameEvidence } from '../evidence.js';
import {
  formatCompact,
  formatCount,
  formatCredits,
  formatFineShare,
  formatShare,
  formatUsd,
  type UsdDigits,
} from '../format.js';
import { PROVIDER_NAMES } from '../providers.js';
import { cachedShare } from '../sums.js';
import { Link } from './link.js';

type CostOf = Pick<Sums, 'costUsd' | 'source' | 'responseCount' | 'unpricedResponseCount'>;

interface CostProps {
  readonly of: CostOf;
  readonly digits?: UsdDigits | undefined;
}

/** `$1.23`; `~` where not all was reported by the API, `+` where not all has a price. The exact number is in `value`. */
export function Cost({ of, digits }: CostProps) {
  if (of.responseCount === 0) return <span class="faint">–</span>;
  if (of.costUsd === null) return <span class="mark-unpriced">unpriced</span>;
  const [guessed, partial] = [of.source !== 'actual', of.unpricedResponseCount > 0];
  const title = [
    formatUsd(of.costUsd, digits) === formatUsd(of.costUsd) ? '' : formatUsd(of.costUsd),
    guessed ? 'Not all of it was reported by the API.' : '',
    partial
      ? `${formatCount(of.unpricedResponseCount)} responses have no known price, or a fee without one: more was spent.`
      : '',
  ]
    .filter(Boolean)
    .join(' ');
  return (
    <data value={of.costUsd} title={title || undefined}>
      {guessed && <span class="mark">~</span>}
      {formatUsd(of.costUsd, digits)}
      {partial && <span class="mark">+</span>}
    </data>
  );
}

/** A cost that leads to why it is that. */
export function CostLink({ href, ...cost }: CostProps & { readonly href: string | undefined }) {
  if (href === undefined || cost.of.responseCount === 0) return <Cost {...cost} />;
  return (
    <Link href={href} class="why-link" title="Why it cost that">
      <Cost {...cost} />
    </Link>
  );
}

type CreditsOf = Pick<Sums, 'source' | 'costCredits' | 'unratedResponseCount'>;

/** `12.3`; `~` as with a cost, `+` where the credits of some responses are not known. */
export function Credits({ of, asOf }: { readonly of: CreditsOf; readonly asOf: string }) {
  const unrated = of.unratedResponseCount ?? 0;
  if (of.costCredits === null || of.costCredits === undefined) {
    return unrated > 0 ? <span class="mark-unpriced">unknown</span> : <span class="faint">–</span>;
  }
  const title = [
    `Unconfirmed: by a rate card as of ${asOf}.`,
    unrated > 0 ? `Of ${formatCount(unrated)} responses no credits are known: more were taken.` : '',
  ].join(' ');
  return (
    <data value={of.costCredits} title={title.trim()}>
      {of.source !== 'actual' && <span class="mark">~</span>}
      {formatCredits(of.costCredits)}
      {unrated > 0 && <span class="mark">+</span>}
    </data>
  );
}

export function Usd({ usd, digits }: { readonly usd: number | null; readonly digits?: UsdDigits | undefined }) {
  return usd === null ? <span class="faint">–</span> : <data value={usd}>{formatUsd(usd, digits)}</data>;
}

export function Tokens({ count, short = false }: { readonly count: number; readonly short?: boolean }) {
  return (
    <data value={count} title={short ? formatCount(count) : undefined}>
      {short ? formatCompact(count) : formatCount(count)}
    </data>
  );
}

export function CachedShare({
  of,
  fine = false,
}: {
  readonly of: Pick<Sums, 'inputTokens' | 'cachedInputTokens'>;
  /** With one digit behind the point always, as the cells of a column have it. */
  readonly fine?: boolean;
}) {
  const share = cachedShare(of);
  if (share === undefined) return <span class="faint">–</span>;
  return (
    <data value={share} title={`${formatCount(of.cachedInputTokens)} of ${formatCount(of.inputTokens)} input tokens`}>
      {fine ? formatFineShare(share) : formatShare(share)}
    </data>
  );
}

/** A share from 0 to 1 as a bar and a number. */
export function Share({ share }: { readonly share: number | null }) {
  if (share === null) return <span class="faint">–</span>;
  return (
    <span class="share-cell">
      <span class="share-bar" aria-hidden="true">
        <span class="share-fill" style={{ width: `${100 * share}%` }} />
      </span>
      <span>{formatFineShare(share)}</span>
    </span>
  );
}

const SOURCE_TITLES = {
  actual: 'Every count was reported by the API.',
  parsed: 'Counts were inferred from text or from a total.',
  estimated: 'Counts were made by a tokenizer.',
  mixed: 'Some counts were reported by the API, some were not.',
} as const;

/** What the counts are worth: a word and a shape, whatever colours the reader sees. */
export function SourceBadge({
  source,
  evidence = [],
}: {
  readonly source: Sums['source'];
  readonly evidence?: readonly string[];
}) {
  if (source === null) return <span class="faint">–</span>;
  const title = SOURCE_TITLES[source] + (evidence.length > 0 ? ` Evidence: ${nameEvidence(evidence)}.` : '');
  return (
    <span class={`badge source-${source}`} title={title}>
      <span class="badge-shape" aria-hidden="true" />
      {source}
    </span>
  );
}

export function ProviderName({ provider }: { readonly provider: Provider }) {
  return (
    <span class={`provider provider-${provider}`}>
      <span class="swatch" aria-hidden="true" />
      {PROVIDER_NAMES[provider]}
    </span>
  );
}

const OUTCOME_SHAPES = {
  running: '●',
  completed: '✓',
  failed: '✕',
  interrupted: '■',
  abandoned: '?',
  'over budget': '■',
} as const;

export type LiveState = RunningInvocation['state'];

/** What is said of an invocation that the record calls running, by what its processes do. */
const LIVE_STATES: Readonly<Record<LiveState, string>> = {
  running: 'running',
  unmetered: 'its meter was killed: the figures stand still',
  killed: 'was killed: it is settled within a minute',
  pending: 'has ended: its record is taken in within a minute',
};

interface OutcomeProps {
  readonly of: Pick<InvocationEntry, 'status' | 'exitCode' | 'signal'>;
  /** Of an invocation that the record calls running. */
  readonly live?: LiveState | undefined;
}

/** `✓ completed`, `✕ failed (exit 1)`, `■ over budget` */
export function Outcome({ of: { status, exitCode, signal }, live = 'running' }: OutcomeProps) {
  const detail = signal !== null ? ` (${signal})` : exitCode ? ` (exit ${exitCode})` : '';
  const shape = status === 'running' && live !== 'running' ? '◌' : (OUTCOME_SHAPES[status] ?? '·');
  const text = exitCode === BUDGET_EXIT_CODE ? 'over budget' : `${status}${detail}`;
  return (
    <span class={`outcome outcome-${status.replaceAll(' ', '-')} ${live === 'running' ? '' : 'outcome-still'}`}>
      <span class="outcome-shape" aria-hidden="true">
        {shape}
      </span>
      {status === 'running' ? LIVE_STATES[live] : text}
    </span>
  );
}
