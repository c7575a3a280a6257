import type { InvocationEntry, Provider, Sums } from '../answers.js';
import { formatCompact, formatCount, formatCredits, formatShare, formatUsd } from '../format.js';
import { PROVIDER_NAMES } from '../providers.js';

type CostOf = Pick<Sums, 'costUsd' | 'source' | 'responseCount' | 'unpricedResponseCount'>;

/** `$1.23`; `~` where not all was reported by the API, `+` where not all has a price. The exact number is in `value`. */
export function Cost({ of }: { readonly of: CostOf }) {
  if (of.responseCount === 0) return <span class="faint">–</span>;
  if (of.costUsd === null) return <span class="mark-unpriced">unpriced</span>;
  const [guessed, partial] = [of.source !== 'actual', of.unpricedResponseCount > 0];
  const title = [
    guessed ? 'Not all of it was reported by the API.' : '',
    partial
      ? `${formatCount(of.unpricedResponseCount)} responses have no known price, or a fee without one: more was spent.`
      : '',
  ].join(' ');
  return (
    <data value={of.costUsd} title={title.trim() || undefined}>
      {guessed && <span class="mark">~</span>}
      {formatUsd(of.costUsd)}
      {partial && <span class="mark">+</span>}
    </data>
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

export function Usd({ usd }: { readonly usd: number | null }) {
  return usd === null ? <span class="faint">–</span> : <data value={usd}>{formatUsd(usd)}</data>;
}

export function Tokens({ count, short = false }: { readonly count: number; readonly short?: boolean }) {
  return (
    <data value={count} title={short ? formatCount(count) : undefined}>
      {short ? formatCompact(count) : formatCount(count)}
    </data>
  );
}

/** The part of the input that came from the provider's cache; undefined when there is no input. */
export function cachedShare({ inputTokens, cachedInputTokens }: Pick<Sums, 'inputTokens' | 'cachedInputTokens'>) {
  return inputTokens === 0 ? undefined : cachedInputTokens / inputTokens;
}

export function CachedShare({ of }: { readonly of: Pick<Sums, 'inputTokens' | 'cachedInputTokens'> }) {
  const share = cachedShare(of);
  if (share === undefined) return <span class="faint">–</span>;
  return (
    <data value={share} title={`${formatCount(of.cachedInputTokens)} of ${formatCount(of.inputTokens)} input tokens`}>
      {formatShare(share)}
    </data>
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
  const title = SOURCE_TITLES[source] + (evidence.length > 0 ? ` Evidence: ${evidence.join(', ')}.` : '');
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

/** `✓ completed`, `✕ failed (exit 1)` */
export function Outcome({ of }: { readonly of: Pick<InvocationEntry, 'status' | 'exitCode' | 'signal'> }) {
  const { status, exitCode, signal } = of;
  const detail = signal !== null ? ` (${signal})` : exitCode ? ` (exit ${exitCode})` : '';
  return (
    <span class={`outcome outcome-${status.replaceAll(' ', '-')}`}>
      <span class="outcome-shape" aria-hidden="true">
        {OUTCOME_SHAPES[status] ?? '·'}
      </span>{' '}
      {status}
      {detail}
    </span>
  );
}
