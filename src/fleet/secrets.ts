import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { messageOf } from '../errors.js';
import { readPrivateFile } from '../files/regular-file.js';
import type { FleetAddress, FleetTarget } from '../usage/fleet-target.js';

const COMMAND_MS = 30_000;
const LIMIT_BYTES = 64 * 1024;

interface PasswordSources {
  readonly given: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  /** Ends the program of password_command. */
  readonly signal: AbortSignal | undefined;
}

/**
 * Reads the password of a target: `given` (CODEX_METERED_FLEET_PASSWORD), or its file, or what its command prints first, or an entry of
 * libpq's password file. Undefined where there is none. Throws an Error that says what is wrong, and holds nothing of a secret.
 */
export async function readPassword(
  target: Pick<FleetTarget, 'passwordFile' | 'passwordCommand'>,
  address: FleetAddress,
  { given, env, signal }: PasswordSources,
): Promise<string | undefined> {
  if (given) return given;
  if (target.passwordFile !== undefined) return firstLine(readSecret(target.passwordFile, 'password file'));
  if (target.passwordCommand !== undefined) return firstLine(await runCommand(target.passwordCommand, signal));
  return findInPassFile(env, address);
}

/** Reads a file that only its owner may read: the key of hashed names, a password. Throws an Error that names the file. */
export function readSecret(path: string, what: string): string {
  try {
    return readPrivateFile(path, LIMIT_BYTES).toString('utf8');
  } catch (error) {
    throw new Error(`The ${what} ${path} is not read: ${messageOf(error)}.`);
  }
}

async function runCommand([file = '', ...args]: readonly string[], signal: AbortSignal | undefined): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(file, args, { timeout: COMMAND_MS, maxBuffer: LIMIT_BYTES, signal });
    return stdout;
  } catch (error) {
    // The message of the error would hold what the program has printed.
    const { code, signal } = error as { code?: unknown; signal?: unknown };
    throw new Error(`The program of password_command, ${file}, failed (${String(signal ?? code)}).`);
  }
}

/** https://www.postgresql.org/docs/current/libpq-pgpass.html */
function findInPassFile(env: NodeJS.ProcessEnv, { host, port, database, user }: FleetAddress): string | undefined {
  const named = env.PGPASSFILE;
  let text: string;
  try {
    text = readPrivateFile(named || join(homedir(), '.pgpass'), LIMIT_BYTES).toString('utf8');
  } catch (error) {
    if (named) throw new Error(`The file of PGPASSFILE is not read: ${messageOf(error)}.`);
    return undefined;
  }
  const wanted = [host, String(port), database, user ?? ''];
  const entries = text.split(/\r?\n/).filter((line) => line !== '' && !line.startsWith('#'));
  const fields = entries.map((line) => (line.match(/(?:\\.|[^:\\])*(?::|$)/g) ?? []).map(unescapeField));
  return fields.find((entry) => wanted.every((value, index) => entry[index] === '*' || entry[index] === value))?.[4];
}

function unescapeField(field: string): string {
  return field.replace(/:$/, '').replace(/\\(.)/g, '$1');
}

function firstLine(text: string): string {
  return text.split(/\r?\n/)[0] ?? '';
}
