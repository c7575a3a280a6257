import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import pg from 'pg';
import { messageOf } from '../errors.js';
import { type FleetAddress, type FleetTarget, parseFleetUrl } from '../usage/fleet-target.js';
import { readPassword } from './secrets.js';

/** How long to wait for a server that does not answer. */
const CONNECT_MS = 10_000;
const STATEMENT_MS = 60_000;

/** A fault of a target or of the way to it. Its text has no secret, and no user of a URL. */
export class FleetError extends Error {
  override readonly name = 'FleetError';
  constructor(
    message: string,
    /** `refused`: a row is wrong. `setup`: somebody has to change something first. `passing`: it can succeed later. */
    readonly kind: 'refused' | 'setup' | 'passing',
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

export type TargetAccess = Pick<FleetTarget, 'name' | 'url' | 'passwordFile' | 'passwordCommand' | 'allowInsecure'>;

export interface Credentials {
  readonly env: NodeJS.ProcessEnv;
  /** The password that the environment gives for the target. */
  readonly password: string | undefined;
  /** Ends the program of password_command, which may never answer. */
  readonly signal?: AbortSignal | undefined;
}

/** Connects to the PostgreSQL of a target. Throws a FleetError. */
export async function connectTo(
  target: TargetAccess,
  { env, password: given, signal }: Credentials,
): Promise<pg.Client> {
  const address = readAddress(target);
  const ssl = chooseTls(target, address);
  const password = await readPassword(target, address, { given, env, signal }).catch((error: unknown) => {
    throw new FleetError(messageOf(error), 'setup');
  });
  const { host, port, user, database } = address;
  const client = new pg.Client({
    ...{ host, port, database, ssl, connectionTimeoutMillis: CONNECT_MS, query_timeout: STATEMENT_MS },
    ...{ application_name: 'codex-metered', keepAlive: true, password: () => password ?? '' },
    ...(user !== undefined && { user }),
  });
  // An idle connection that breaks would end the process if nobody listened. The next statement reports the fault.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return client;
  } catch (error) {
    abandon(client);
    throw explainFault(error, target);
  }
}

/** Ends a connection at once, whatever the server does. */
export function abandon(client: pg.Client): void {
  void client.end().catch(() => undefined);
  const { connection } = client as unknown as { connection?: { stream?: { destroy?: () => void } } };
  connection?.stream?.destroy?.();
}

function readAddress({ name, url }: TargetAccess): FleetAddress {
  try {
    return parseFleetUrl(url);
  } catch (error) {
    throw new FleetError(`The URL of ${name} ${messageOf(error)}.`, 'setup');
  }
}

/** What leaves this machine goes to a server that has proved its name, unless the user allows less. */
function chooseTls({ name, allowInsecure }: TargetAccess, address: FleetAddress): false | ConnectionOptions {
  const { sslMode, isLocal, sslRootCert } = address;
  if (sslMode !== 'verify-full' && !isLocal && !allowInsecure) {
    throw new FleetError(
      `The URL of ${name} asks for sslmode=${sslMode}, with which anybody on the way could read or change what is sent: ` +
        'take it out, or set allow_insecure = true.',
      'setup',
    );
  }
  if (sslMode === 'disable') return false;
  const ca = sslRootCert === undefined ? {} : { ca: readCertificate(name, sslRootCert) };
  if (sslMode === 'require') return { ...ca, rejectUnauthorized: false };
  return { ...ca, rejectUnauthorized: true, ...(sslMode === 'verify-ca' && { checkServerIdentity: () => undefined }) };
}

function readCertificate(name: string, written: string): string {
  const path = resolve(written.replace(/^~(?=[/\\])/, homedir()));
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new FleetError(`The sslrootcert of ${name} is not read: ${messageOf(error)}.`, 'setup');
  }
}

/** Classes of SQLSTATE that are about a row: data exceptions, violated constraints. */
const ROW_STATES = /^(?:22|23)/;
/** The server is shutting down, starting up, full, or takes no more connections; a read-only one may be promoted. */
const PASSING_STATES = /^(?:08|40|53|55|57|58|25)/;

const ADVICE: Readonly<Record<string, string>> = {
  '28P01': 'the server does not accept the role or its password',
  '28000': 'the server does not let this role in',
  '3D000': 'the server has no such database',
  '3F000': 'the schema is missing there: an administrator runs codex-usage fleet init',
  '42883': 'the schema is missing there, or is older than this program: an administrator runs codex-usage fleet init',
  '42P01': 'the schema is missing there: an administrator runs codex-usage fleet init',
  '42501': 'the role may not push: codex-usage fleet init prints what an administrator grants it',
};

/** Makes a FleetError of what `pg`, the network or TLS throws. */
export function explainFault(error: unknown, target: TargetAccess): FleetError {
  if (error instanceof FleetError) return error;
  const { code = '', constraint } = error as { code?: string; constraint?: string };
  const text = withoutSecrets(messageOf(error) || code, target);
  if (ROW_STATES.test(code)) {
    return new FleetError(`${code}${constraint ? `, ${constraint}` : ''}: ${text}`, 'refused', { cause: error });
  }
  const advice = ADVICE[code];
  if (advice !== undefined) return new FleetError(`${target.name}: ${advice} (${code}).`, 'setup');
  if (/^[0-9A-Z]{5}$/.test(code)) {
    const kind = PASSING_STATES.test(code) ? 'passing' : 'setup';
    return new FleetError(`${target.name}: ${text} (${code}).`, kind, { cause: error });
  }
  if (/CERT|SSL|TLS/.test(code) || /SSL/.test(text)) {
    return new FleetError(`${target.name}: the server has not proved who it is: ${text}.`, 'setup');
  }
  return new FleetError(`${target.name} is not reached: ${text}.`, 'passing');
}

/** A server repeats the role's name in some of its messages. */
function withoutSecrets(text: string, { url }: TargetAccess): string {
  const user = URL.canParse(url) ? decodeURIComponent(new URL(url).username) : '';
  const plain = user === '' ? text : text.replaceAll(user, '…');
  return plain.replace(/\b\w+:\/\/\S+/g, '…').replace(/\.$/, '');
}
