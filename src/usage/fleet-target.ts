import type { Conventions } from './options.js';

/** How names leave this machine: as they are, as digests that only the team can make, or not at all. */
export const NAME_MODES = ['plain', 'hashed', 'none'] as const;
export type NameMode = (typeof NAME_MODES)[number];

/** What a target is sent, and nothing finer: single responses, or the sums of each invocation by quarter of an hour. */
export const DETAILS = ['responses', 'invocations'] as const;
export type Detail = (typeof DETAILS)[number];
/** What is said to somebody who has set another one. */
export const DETAIL_WANTED: string = `must be ${DETAILS.map((one) => `"${one}"`).join(' or ')}, the sums of each invocation`;

/** How many labels a target is sent at most. */
export const MOST_LABELS = 8;

/** A target of the fleet as its user has set it. Paths are absolute. It holds no secret. */
export interface FleetTarget {
  readonly name: string;
  readonly url: string;
  readonly passwordFile: string | undefined;
  /** A program with its arguments, whose first line of output is the password. */
  readonly passwordCommand: readonly string[] | undefined;
  /** With which role a pull reads: a URL as the first one, and its password. Undefined: with that of a push. */
  readonly readUrl: string | undefined;
  readonly readPasswordFile: string | undefined;
  /** Whose usage it is; undefined: nobody is named, but for the actor of a CI job. */
  readonly user: string | undefined;
  readonly labels: Readonly<Record<string, string>>;
  /** Only these projects are sent. */
  readonly projects: readonly string[] | undefined;
  /** These are not. */
  readonly except: readonly string[];
  readonly detail: Detail;
  readonly names: NameMode;
  /** The file of the team's key, which hashed names are made with. */
  readonly namesKeyFile: string | undefined;
  readonly sendThreads: boolean;
  /** Whether past sessions are sent too; undefined: outside of CI. */
  readonly history: boolean | undefined;
  /** How long the end of a run may wait until its record is sent. */
  readonly waitMs: number;
  readonly allowInsecure: boolean;
  /** Of an OTLP endpoint: whether each response is a log record, too, and which names token counts have. */
  readonly logs: boolean;
  readonly conventions: Conventions;
}

/** Whether a target is an OTLP endpoint, which is sent sums and keeps no record, and not a PostgreSQL. */
export function isOtlp({ url }: Pick<FleetTarget, 'url'>): boolean {
  return /^https?:/i.test(url);
}

/**
 * Whether past sessions are sent to a target, where it does not say so itself: not from a job of CI, where they are somebody else's, and
 * not as sums, in which the copies that several machines have of a session could not be told from it.
 */
export function sendsHistory({ history, detail }: Pick<FleetTarget, 'history' | 'detail'>, isCi: boolean): boolean {
  return detail === 'responses' && (history ?? !isCi);
}

export const SSL_MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** Where a target is and how it is reached. */
export interface FleetAddress {
  /** A host, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string | undefined;
  readonly database: string;
  /** Whether the connection stays on this machine. */
  readonly isLocal: boolean;
  readonly sslMode: SslMode;
  /** The file of an authority's certificate, as it is written. */
  readonly sslRootCert: string | undefined;
}

const POSTGRES_PORT = 5432;
const PARAMETERS = ['sslmode', 'sslrootcert', 'host'];

/** Returns what is wrong with the URL of a target, without its user or its password; undefined where nothing is. */
export function findUrlFault(written: string): string | undefined {
  try {
    if (!isOtlp({ url: written })) parseFleetUrl(written);
    else checkOtlpUrl(written);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function checkOtlpUrl(written: string): void {
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (!url) throw new Error('is no address such as "https://otlp.example.com"');
  if (url.username !== '' || url.password !== '') {
    throw new Error('holds a user or a password, which is refused there: put it into OTEL_EXPORTER_OTLP_HEADERS');
  }
}

/** Reads the URL of a PostgreSQL. Throws an Error that says what is wrong with it, without its user or its password. */
export function parseFleetUrl(written: string): FleetAddress {
  const url = URL.canParse(written) ? new URL(written) : undefined;
  if (!url || !/^postgres(?:ql)?:$/.test(url.protocol)) {
    throw new Error('must be such as "postgres://pusher@db.example.com/usage" or "https://otlp.example.com"');
  }
  if (url.password !== '') throw new Error('holds a password, which is refused there: use password_file');
  const stray = [...url.searchParams.keys()].find((name) => !PARAMETERS.includes(name));
  if (stray !== undefined) throw new Error(`has the parameter ${stray}: known are ${PARAMETERS.join(', ')}`);
  const host = url.searchParams.get('host') ?? decodeURIComponent(url.hostname).replace(/^\[|\]$/g, '');
  const isLocal = host === '' || host.startsWith('/') || isLoopback(host);
  const sslMode = url.searchParams.get('sslmode') ?? (isLocal ? 'disable' : 'verify-full');
  if (!SSL_MODES.some((mode) => mode === sslMode))
    throw new Error(`has an sslmode that is none of ${SSL_MODES.join(', ')}`);
  const database = decodeURIComponent(url.pathname.replace(/^\//, ''));
  if (database === '')
    throw new Error('names no database: it is the last part, as in "postgres://pusher@db.example.com/usage"');
  return {
    host: host || 'localhost',
    port: url.port === '' ? POSTGRES_PORT : Number(url.port),
    user: url.username === '' ? undefined : decodeURIComponent(url.username),
    database,
    isLocal,
    sslMode: sslMode as SslMode,
    sslRootCert: url.searchParams.get('sslrootcert') ?? undefined,
  };
}

/** The URL for people and for JSON: without a password, and without the query of an OTLP endpoint, which can hold a key. */
export function showFleetUrl(written: string): string {
  if (!URL.canParse(written)) return '(not a URL)';
  const url = new URL(written);
  url.password = '';
  if (isOtlp({ url: written })) url.search = '';
  return url.href;
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Reads `k=v,k2=v2`, with percent-encoded values as in OTEL_RESOURCE_ATTRIBUTES. What is no pair is left out. */
export function parseLabels(written: string): Record<string, string> {
  const pairs = written.split(',').flatMap((part): [string, string][] => {
    const [, key = '', value = ''] = /^\s*([^=]+?)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
    return key === '' || value === '' ? [] : [[decode(key), decode(value)]];
  });
  return Object.fromEntries(pairs);
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
