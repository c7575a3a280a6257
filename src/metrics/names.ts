import { COUNTERS, type CounterName } from '../usage/counters.js';

/** A number that is exported, under its name for Prometheus and its name for OTLP. */
export interface Metric {
  readonly prometheus: string;
  readonly otlp: string;
  /** A counter never falls. Its metric of corrections says by how much it is ahead of the record. */
  readonly type: 'counter' | 'gauge';
  /** UCUM, as OTLP writes units. */
  readonly unit: string;
  readonly help: string;
  /** How many whole units of the record make up one unit of the metric: nano-USD in USD. */
  readonly scale: number;
}

/** A counter, with the gauge of what it is ahead of the record. */
export interface CounterMetric extends Metric {
  readonly type: 'counter';
  readonly corrections: Metric;
  /** The label `kind` of its corrections, which several counters share. */
  readonly kind: string | undefined;
}

/** The conventions whose names of metrics and attributes are used; `schema_url` names them. */
export const GENAI_SCHEMA_URL = 'https://opentelemetry.io/schemas/gen-ai/0.1.0';

const NANO = 1_000_000_000;

/** Conventions for generative AI, 0.1: docs/gen-ai/client-inference.md. */
const OTLP_TOKENS: Readonly<Record<CounterName, string>> = {
  input: 'gen_ai.client.inference.usage.input_tokens',
  cachedInput: 'gen_ai.client.inference.usage.cache_read.input_tokens',
  cacheWrite: 'gen_ai.client.inference.usage.cache_write.input_tokens',
  output: 'gen_ai.client.inference.usage.output_tokens',
  reasoning: 'gen_ai.client.inference.usage.reasoning.output_tokens',
};

const TOKEN_HELP: Readonly<Record<CounterName, string>> = {
  input: 'Input tokens, those from the cache and those written to it among them.',
  cachedInput: 'Input tokens that came from the cache.',
  cacheWrite: 'Input tokens that were written to the cache.',
  output: 'Output tokens, reasoning among them.',
  reasoning: 'Output tokens that were reasoning.',
};

const CORRECTIONS = {
  tokens: gauge(
    'corrections_tokens',
    '{token}',
    'corrections',
    'Tokens that counters hold although the record was corrected downwards since.',
  ),
  cost: gauge(
    'corrections_cost_usd',
    'USD',
    'corrections.cost',
    'USD that the cost counter holds although the record was corrected downwards since.',
    NANO,
  ),
  responses: gauge(
    'corrections_responses',
    '{response}',
    'corrections.responses',
    'Responses that counters hold although the record was corrected downwards since.',
  ),
  invocations: gauge(
    'corrections_invocations',
    '{invocation}',
    'corrections.invocations',
    'Invocations that the counter holds although their status has changed since.',
  ),
};

export const TOKEN_METRICS: readonly (CounterMetric & { readonly name: CounterName })[] = COUNTERS.map(
  ({ name, column }) => ({
    ...counter(`${column}_total`, '{token}', OTLP_TOKENS[name], TOKEN_HELP[name]),
    ...{ name, corrections: CORRECTIONS.tokens, kind: column.replace(/_tokens$/, '') },
  }),
);

export const COST: CounterMetric = {
  ...counter('cost_usd_total', 'USD', 'codex_metered.cost', 'Cost in USD of the responses that have a price.', NANO),
  ...{ corrections: CORRECTIONS.cost, kind: undefined },
};

export const RESPONSES: CounterMetric = {
  ...counter('responses_total', '{response}', 'codex_metered.responses', 'Model responses.'),
  ...{ corrections: CORRECTIONS.responses, kind: 'all' },
};

export const UNPRICED: CounterMetric = {
  ...counter(
    'unpriced_responses_total',
    '{response}',
    'codex_metered.responses.unpriced',
    'Model responses without a price, which no cost has in it.',
  ),
  ...{ corrections: CORRECTIONS.responses, kind: 'unpriced' },
};

export const INVOCATIONS: CounterMetric = {
  ...counter('invocations_total', '{invocation}', 'codex_metered.invocations', 'Invocations of Codex that have ended.'),
  ...{ corrections: CORRECTIONS.invocations, kind: undefined },
};

export const RUNNING: Metric = gauge(
  'invocations_running',
  '{invocation}',
  'invocations.running',
  'Invocations of Codex whose end is not recorded.',
);
export const LIMIT_USED: Metric = gauge(
  'rate_limit_used_ratio',
  '1',
  'rate_limit.used',
  'How much of a rate limit was used when it was last reported, from 0 to 1.',
);
export const LIMIT_RESETS: Metric = gauge(
  'rate_limit_resets_timestamp_seconds',
  's',
  'rate_limit.resets',
  'When a rate limit begins anew, in seconds since 1970.',
);
export const OUTBOX: Metric = gauge(
  'outbox_entries',
  '{entry}',
  'outbox.entries',
  'Changes of the record that a target of the fleet was not sent yet.',
);
export const OUTBOX_OLDEST: Metric = gauge(
  'outbox_oldest_seconds',
  's',
  'outbox.oldest',
  'For how long the oldest of them has been waiting; 0 where none is.',
);
export const LAST_PUSH: Metric = gauge(
  'last_push_timestamp_seconds',
  's',
  'last_push',
  'When a target of the fleet last took what it was sent, in seconds since 1970.',
);
export const SUMMED_UP: Metric = gauge(
  'summed_up_series',
  '{series}',
  'summed_up_series',
  'Combinations of provider, project, model and source beyond the bound, which are summed up as "(other)".',
);
export const BUILD: Metric = gauge(
  'build_info',
  '1',
  'build_info',
  'Always 1; the label is the version of codex-metered.',
);

function counter(name: string, unit: string, otlp: string, help: string, scale = 1) {
  return { prometheus: `codex_metered_${name}`, otlp, type: 'counter', unit, help, scale } as const;
}

function gauge(name: string, unit: string, otlp: string, help: string, scale = 1) {
  return {
    prometheus: `codex_metered_${name}`,
    otlp: `codex_metered.${otlp}`,
    type: 'gauge',
    unit,
    help,
    scale,
  } as const;
}
