import { createHash } from 'node:crypto';
import { messageOf } from '../errors.js';
import type { Connection } from '../store/open.js';
import { type FleetTarget, parseFleetUrl, sendsHistory } from '../usage/fleet-target.js';
import { createNamer, limitLabels, nameValues, type RowRules, versionFor } from './batch.js';
import { FleetError } from './connection.js';
import type { PushJob } from './pusher.js';
import { readSecret } from './secrets.js';

/** A database, and what is known of the machine that it is pushed from. */
export interface PushSource {
  readonly connection: Connection;
  /** The path of the database. */
  readonly database: string;
  readonly env: NodeJS.ProcessEnv;
  readonly host: string;
  /** Of this program. */
  readonly version: string;
  /** Whether this is a job of a CI system, in which past sessions are somebody else's. */
  readonly isCi: boolean;
  /** The password that the environment gives for a target. */
  readonly passwordOf: (target: FleetTarget) => string | undefined;
}

/** What a push of the database to a target sends, and under which names. Throws a FleetError. */
export function createJob(
  source: PushSource,
  target: FleetTarget,
  { full, onProgress }: Pick<PushJob, 'full'> & Partial<Pick<PushJob, 'onProgress'>>,
): PushJob {
  const { connection, host, version, isCi } = source;
  const history = sendsHistory(target, isCi);
  const namesKey = readNamesKey(target);
  const labels = limitLabels(target.labels);
  const rules: RowRules = { ...target, labels, history, namesKey };
  const name = createNamer(rules);
  return {
    ...{ connection, target: target.name, rules, full, settings: digestSettings(rules, target.url) },
    head: {
      v: versionFor(target.detail),
      host: name(host),
      platform: `${process.platform}-${process.arch}`,
      version,
      labels: nameValues(labels, name),
    },
    ...(onProgress && { onProgress }),
  };
}

const LEAST_KEY = 16;

/** The key that names are hashed with; undefined where they are not. Throws a FleetError. */
export function readNamesKey({ names, namesKeyFile: path }: FleetTarget): string | undefined {
  if (names !== 'hashed') return undefined;
  try {
    const key = readSecret(path ?? '', 'key of hashed names').trim();
    if (key.length < LEAST_KEY)
      throw new Error(`The key of hashed names, ${path}, is shorter than ${LEAST_KEY} characters.`);
    return key;
  } catch (error) {
    throw new FleetError(messageOf(error), 'setup');
  }
}

/** User and labels are not among them: they can differ from one job of CI to the next, and each row keeps what it was sent with. */
function digestSettings(rules: RowRules, url: string): string {
  const { projects, except, names, namesKey, sendThreads, history, detail } = rules;
  const before = [describeAddress(url), projects ?? null, except, names, namesKey ?? null, sendThreads, history];
  // The digest of a target that was known before there was a choice stays what it was.
  const deciding = detail === 'responses' ? before : [...before, detail];
  return createHash('sha256').update(JSON.stringify(deciding)).digest('hex').slice(0, 32);
}

function describeAddress(url: string): string {
  try {
    const { host, port, database } = parseFleetUrl(url);
    return `${host}:${port}/${database}`;
  } catch {
    return '';
  }
}
