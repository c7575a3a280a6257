import { UsageError } from '../errors.js';
import { isLoopback } from '../usage/fleet-target.js';
import type { Conventions } from '../usage/options.js';

/** Where metrics and logs are sent, and how. Headers, certificates, compression and timeout are read by the exporter itself. */
export interface OtlpTarget {
  /** With path, without user and password. A query can hold a key, so it is not shown. */
  readonly metricsUrl: string;
  readonly logsUrl: string;
  readonly temporality: 'cumulative' | 'delta';
  readonly conventions: Conventions;
  /** Whether each response is sent as a log record, too. */
  readonly logs: boolean;
  /** The version of codex-metered. */
  readonly version: string;
  /** What the resource has beside the machine: a user, labels. OTEL_RESOURCE_ATTRIBUTES wins. */
  readonly resource: Readonly<Record<string, string>>;
  /** The name by which the outbox knows it. Undefined: that of the address of its logs. */
  readonly outboxName: string | undefined;
  /** The values of headers, which no message must show. */
  readonly secrets: readonly string[];
}

export interface OtlpWish {
  /** As OTEL_EXPORTER_OTLP_ENDPOINT; undefined: what the variables say, or the collector on this machine. */
  readonly url: string | undefined;
  readonly conventions: Conventions;
  readonly logs: boolean;
  /** Whether it may be sent in plain text to another machine. */
  readonly allowInsecure: boolean;
  readonly version: string;
  readonly resource?: OtlpTarget['resource'];
  readonly outboxName?: string;
}

type Env = Readonly<Record<string, string | undefined>>;
type Signal = 'METRICS' | 'LOGS';

/** Where the specification of the exporter sends to. */
const DEFAULT_ENDPOINT = 'http://localhost:4318';

/** Reads a target from what was asked for and from the variables OTEL_…. Throws a UsageError that says what is wrong. */
export function readOtlpTarget(wish: OtlpWish, env: Env): OtlpTarget {
  const { conventions, logs, version, resource = {}, outboxName } = wish;
  const protocol = env.OTEL_EXPORTER_OTLP_METRICS_PROTOCOL || env.OTEL_EXPORTER_OTLP_PROTOCOL || 'http/protobuf';
  if (protocol !== 'http/protobuf') {
    throw new UsageError(
      `OTEL_EXPORTER_OTLP_PROTOCOL is "${protocol}", and codex-usage speaks http/protobuf alone: most collectors take it at port 4318.`,
    );
  }
  const secrets = listHeaders(env);
  const urlOf = (signal: Signal) => checkUrl(findUrl(wish, signal, env), wish, env);
  return {
    ...{ conventions, logs, version, secrets, resource, outboxName },
    metricsUrl: urlOf('METRICS'),
    logsUrl: urlOf('LOGS'),
    temporality: readTemporality(env),
  };
}

/** The values of the headers, decoded and as they are written. */
function listHeaders(env: Env): string[] {
  const names = ['', 'METRICS_', 'LOGS_'].map((signal) => `OTEL_EXPORTER_OTLP_${signal}HEADERS`);
  const values = names
    .flatMap((name) => (env[name] ?? '').split(','))
    .map((pair) => pair.slice(pair.indexOf('=') + 1).trim());
  return values
    .flatMap((value) => [value, decode(value), ...decode(value).split(' ')])
    .filter((value) => value.length > 3);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function readTemporality(env: Env): OtlpTarget['temporality'] {
  const name = 'OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE';
  switch ((env[name] || 'cumulative').toLowerCase()) {
    case 'delta':
      return 'delta';
    case 'cumulative':
    // Sums that are read when they are exported stay cumulative by the specification of "lowmemory".
    case 'lowmemory':
      return 'cumulative';
    default:
      throw new UsageError(`${name} is one of cumulative, delta, lowmemory, not "${env[name]}".`);
  }
}

/** A signal's own variable is an address as it is, anything else has the signal's path appended. */
function findUrl({ url }: OtlpWish, signal: Signal, env: Env): string {
  const path = `v1/${signal.toLowerCase()}`;
  const ofSignal = env[`OTEL_EXPORTER_OTLP_${signal}_ENDPOINT`];
  if (url === undefined && ofSignal) return ofSignal;
  const base = (url ?? (env.OTEL_EXPORTER_OTLP_ENDPOINT || DEFAULT_ENDPOINT)).replace(/\/v1\/(metrics|logs)\/?$/, '');
  return `${base.replace(/\/$/, '')}/${path}`;
}

function checkUrl(text: string, { allowInsecure }: OtlpWish, env: Env): string {
  // What cannot be read may hold a password, so it is not repeated.
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new UsageError('The OTLP endpoint is no address such as https://otlp.example.com or http://localhost:4318.');
  }
  if (url.username !== '' || url.password !== '') {
    throw new UsageError('The OTLP endpoint has a user or a password in it: put them into OTEL_EXPORTER_OTLP_HEADERS.');
  }
  const isPrivate = url.protocol === 'https:' || isLoopback(url.hostname.replace(/^\[|\]$/g, ''));
  if (!isPrivate && !allowInsecure && env.OTEL_EXPORTER_OTLP_INSECURE !== 'true') {
    throw new UsageError(
      `${url.origin} is another machine, and names of projects and headers would go there in plain text: use https, or --allow-insecure.`,
    );
  }
  return url.href;
}

/** The name under which the database notes what an address has confirmed: without its query, which can hold a key. */
export function nameTarget(address: string): string {
  const { origin, pathname } = new URL(address);
  return `${origin}${pathname}`;
}
