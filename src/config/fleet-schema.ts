import { homedir } from 'node:os';
import { dirname, resolve } from 'node:path';
import * as z from 'zod/mini';
import {
  DETAIL_WANTED,
  DETAILS,
  type FleetTarget,
  findUrlFault,
  isOtlp,
  MOST_LABELS,
  NAME_MODES,
} from '../usage/fleet-target.js';
import { CONVENTIONS } from '../usage/options.js';
import { readDuration } from './fleet.js';

const text = z.string({ error: 'must be text in quotes' }).check(z.minLength(1, 'is empty'));
const flag = z.boolean({ error: 'must be true or false' });
const list = z.array(text, { error: 'must be a list of texts in quotes' });

const url = text.check(
  z.check(({ value, issues }) => {
    const message = findUrlFault(value);
    if (message !== undefined) issues.push({ code: 'custom', input: '', message });
  }),
);

/** What an OTLP endpoint has no use for: it is sent the sums of the record as they are, and nothing is read from it. */
const OF_POSTGRES = [
  ...['password_file', 'password_command', 'read_url', 'read_password_file', 'projects', 'except', 'detail', 'names'],
  ...['names_key_file', 'send_threads', 'history'],
] as const;
const OF_OTLP = ['logs', 'conventions'] as const;

/** What `[fleet.NAME]` of a codex-metered.toml may say. docs/fleet.md explains every key. */
export const FLEET_TARGET = z
  .strictObject(
    {
      url,
      password_file: z.optional(text),
      read_url: z.optional(url),
      read_password_file: z.optional(text),
      password_command: z.optional(list.check(z.minLength(1, 'is empty'))),
      user: z.optional(text),
      labels: z.optional(
        z
          .record(z.string(), text, { error: 'must be a table of texts' })
          .check(
            z.refine((labels) => Object.keys(labels).length <= MOST_LABELS, `has more than ${MOST_LABELS} entries`),
          ),
      ),
      projects: z.optional(list),
      except: z.optional(list),
      detail: z.optional(z.enum(DETAILS, { error: DETAIL_WANTED })),
      names: z.optional(z.enum(NAME_MODES, { error: `must be ${NAME_MODES.map((one) => `"${one}"`).join(' or ')}` })),
      names_key_file: z.optional(text),
      send_threads: z.optional(flag),
      history: z.optional(flag),
      wait: z.optional(
        text.check(z.refine((one) => readDuration(one) !== undefined, 'must be a duration such as "5s"')),
      ),
      allow_insecure: z.optional(flag),
      logs: z.optional(flag),
      conventions: z.optional(
        z.enum(CONVENTIONS, { error: `must be ${CONVENTIONS.map((one) => `"${one}"`).join(' or ')}` }),
      ),
    },
    { error: (issue) => (issue.code === 'unrecognized_keys' ? undefined : 'must be a table: [fleet.NAME]') },
  )
  .check(
    z.check(({ value, issues }) => {
      const isCollector = isOtlp(value);
      const [wrong, of] = isCollector ? [OF_POSTGRES, 'a PostgreSQL'] : [OF_OTLP, 'an OTLP endpoint'];
      for (const key of wrong.filter((one) => value[one] !== undefined)) {
        issues.push({ code: 'custom', input: '', path: [key], message: `is for ${of}, and the url is none` });
      }
    }),
    z.refine(({ password_file, password_command }) => !password_file || !password_command, {
      error: 'cannot be set beside password_file',
      path: ['password_command'],
    }),
    z.refine(({ projects, except }) => !projects || !except, {
      error: 'cannot be set beside projects',
      path: ['except'],
    }),
    z.refine(({ names, names_key_file }) => names !== 'hashed' || names_key_file !== undefined, {
      error: 'needs names_key_file when it is "hashed"',
      path: ['names'],
    }),
    z.refine(({ detail = 'responses', history }) => detail === 'responses' || history !== true, {
      error:
        'is for detail = "responses": in sums, the copies that several machines have of a session cannot be told from it',
      path: ['history'],
    }),
    z.refine(({ detail = 'responses', send_threads }) => detail === 'responses' || send_threads !== true, {
      error: 'is for detail = "responses": sums have no threads',
      path: ['send_threads'],
    }),
    z.refine(({ read_url, read_password_file }) => !read_password_file || read_url !== undefined, {
      error: 'needs read_url',
      path: ['read_password_file'],
    }),
  );

/** The table of a target as a setting. Paths in it are relative to the configuration file at `file`. */
export function toFleetTarget(name: string, values: z.infer<typeof FLEET_TARGET>, file: string): FleetTarget {
  const path = (written: string | undefined) => {
    return written && resolve(dirname(file), written.replace(/^~(?=[/\\])/, homedir()));
  };
  return {
    name,
    url: values.url,
    passwordFile: path(values.password_file),
    readUrl: values.read_url,
    readPasswordFile: path(values.read_password_file),
    passwordCommand: values.password_command,
    user: values.user,
    labels: values.labels ?? {},
    projects: values.projects,
    except: values.except ?? [],
    detail: values.detail ?? 'responses',
    names: values.names ?? 'plain',
    namesKeyFile: path(values.names_key_file),
    sendThreads: values.send_threads ?? false,
    history: values.history,
    waitMs: readDuration(values.wait ?? '0s') ?? 0,
    allowInsecure: values.allow_insecure ?? false,
    logs: values.logs ?? false,
    conventions: values.conventions ?? 'genai-0.1',
  };
}
