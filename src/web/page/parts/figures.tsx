import type { Provider, Sums } from '../answers.js';
import {
  formatCompact,
  formatCount,
  formatCredits,
  formatFineShare,
  formatShare,
  formatUsd,
  type UsdDigits,
} from '../format.js';
import { nameEvidence, PROVIDER_NAMES } from '../names.js';
import { cachedShare } from '../sums.js';
import { Link } from './layout.jsx';

/** Stands where there is no figure. */
export function None() {
  return <span class="faint">–</span>;
}

interface MarkedProps {
  readonly value: number;
  readonly source: Sums['source'];
  /** Whether something is missing in the figure. */
  readonly isPartial: boolean;
  readonly title: string | undefined;
  readonly children: string;
}

/** A figure behind `~` where not all of it was reported by the API, and before `+` where something is missing in it. */
function Marked({ value, source, isPartial, title, children }: MarkedProps) {
  return (
    <data value={value} title={title}>
      {source !== 'actual' && <span class="mark">~</span>}
      {children}
      {isPartial && <span class="mark">+</span>}
    </data>
  );
}

interface CostProps {
  readonly of: Pick<Sums, 'costUsd' | 'source' | 'responseCount' | 'unpricedResponseCount'>;
  readonly digits?: UsdDigits | undefined;
}

/** `$1.23`, with its marks. The exact number is in `value`. */
export function Cost({ of: { costUsd, source, responseCount, unpricedResponseCount }, digits }: CostProps) {
  if (responseCount === 0) return <None />;
  if (costUsd === null) return <span class="mark-unpriced">unpriced</span>;
  const shown = formatUsd(costUsd, digits);
  const title = [
    ...(shown === formatUsd(costUsd) ? [] : [formatUsd(costUsd)]),
    ...(source === 'actual' ? [] : ['Not all of it was reported by the API.']),
    ...(unpricedResponseCount > 0
      ? [`${formatCount(unpricedResponseCount)} responses have no known price, or a fee without one: more was spent.`]
      : []),
  ].join(' ');
  return (
    <Marked value={costUsd} source={source} isPartial={unpricedResponseCount > 0} title={title || undefined}>
      {shown}
    </Marked>
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

interface CreditsProps {
  readonly of: Pick<Sums, 'source' | 'costCredits' | 'unratedResponseCount'>;
  readonly asOf: string;
}

/** `12.3`, marked as a cost is. */
export function Credits({ of: { source, costCredits, unratedResponseCount = 0 }, asOf }: CreditsProps) {
  const isPartial = unratedResponseCount > 0;
  if (costCredits === null || costCredits === undefined) {
    return isPartial ? <span class="mark-unpriced">unknown</span> : <None />;
  }
  const missing = `Of ${formatCount(unratedResponseCount)} responses no credits are known: more were taken.`;
  const title = `Unconfirmed: by a rate card as of ${asOf}.${isPartial ? ` ${missing}` : ''}`;
  return (
    <Marked value={costCredits} source={source} isPartial={isPartial} title={title}>
      {formatCredits(costCredits)}
    </Marked>
  );
}

export function Usd({ usd, digits }: { readonly usd: number | null; readonly digits?: UsdDigits | undefined }) {
  return usd === null ? <None /> : <data value={usd}>{formatUsd(usd, digits)}</data>;
}

export function Tokens({ count, short = false }: { readonly count: number; readonly short?: boolean }) {
  return (
    <data value={count} title={short ? formatCount(count) : undefined}>
      {short ? formatCompact(count) : formatCount(count)}
    </data>
  );
}

interface CachedShareProps {
  readonly of: Pick<Sums, 'inputTokens' | 'cachedInputTokens'>;
  /** With one digit behind the point always, as the cells of a column have it. */
  readonly fine?: boolean;
}

export function CachedShare({ of, fine = false }: CachedShareProps) {
  const share = cachedShare(of);
  if (share === undefined) return <None />;
  return (
    <data value={share} title={`${formatCount(of.cachedInputTokens)} of ${formatCount(of.inputTokens)} input tokens`}>
      {fine ? formatFineShare(share) : formatShare(share)}
    </data>
  );
}

/** A share from 0 to 1 as a bar and a number. */
export function Share({ share }: { readonly share: number | null }) {
  if (share === null) return <None />;
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

interface SourceBadgeProps {
  readonly source: Sums['source'];
  readonly evidence?: readonly string[] | undefined;
}

/** What the counts are worth: a word and a shape, whatever colours the reader sees. */
export function SourceBadge({ source, evidence = [] }: SourceBadgeProps) {
  if (source === null) return <None />;
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

interface BarProps {
  /** From 0 to 1; what is more fills the bar. */
  readonly part: number;
  readonly label: string;
  readonly isHigh?: boolean;
}

export function Bar({ part, label, isHigh = false }: BarProps) {
  return <progress class={isHigh ? 'progress-high' : undefined} max={1} value={Math.min(1, part)} aria-label={label} />;
}
