import { UsageError } from '../errors.js';
import { DETAIL_WANTED, DETAILS, type Detail, type FleetTarget, isOtlp, parseLabels } from '../usage/fleet-target.js';
import type { ConfigFile } from './read-file.js';
import { type Setting, settingOf } from './setting.js';

/** The name of the target that CODEX_METERED_FLEET_URL sets. */
const TARGET_OF_VARIABLES = 'environment';

const NOTHING_SET: Omit<FleetTarget, 'name' | 'url' | 'passwordFile' | 'waitMs'> = {
  ...{ readUrl: undefined, readPasswordFile: undefined },
  ...{ passwordCommand: undefined, user: undefined, labels: {}, projects: undefined, except: [] },
  ...{
    detail: 'responses',
    names: 'plain',
    namesKeyFile: undefined,
    sendThreads: false,
    history: undefined,
    allowInsecure: false,
    logs: false,
    conventions: 'genai-0.1',
  },
};

/** The targets of the fleet: that of the environment, and those of the user's file, each with what variables change of it. Throws a UsageError. */
export function resolveFleet(files: readonly ConfigFile[], env: NodeJS.ProcessEnv): Setting<FleetTarget>[] {
  const ofFiles = files.flatMap((file) => {
    return file.fleet.map((target) => settingOf(file, ['fleet', target.name], target));
  });
  const url = env.CODEX_METERED_FLEET_URL;
  const own: Setting<FleetTarget>[] = url
    ? [{ value: fromEnvironment(url, env), origin: 'environment', place: 'CODEX_METERED_FLEET_URL' }]
    : [];
  const targets = [...own, ...ofFiles.filter(({ value }) => !own.some((one) => one.value.name === value.name))];
  return targets.map((setting) => ({ ...setting, value: withVariables(setting.value, env) }));
}

/** The password that the environment gives for a target. With several PostgreSQLs it would be shown to servers that it is not meant for. */
export function passwordOf(
  { name }: FleetTarget,
  targets: readonly Setting<FleetTarget>[],
  env: NodeJS.ProcessEnv,
): string | undefined {
  const isMeant = name === TARGET_OF_VARIABLES || targets.filter(({ value }) => !isOtlp(value)).length === 1;
  return isMeant ? env.CODEX_METERED_FLEET_PASSWORD || undefined : undefined;
}

function fromEnvironment(url: string, env: NodeJS.ProcessEnv): FleetTarget {
  const passwordFile = env.CODEX_METERED_FLEET_PASSWORD_FILE || undefined;
  const readUrl = env.CODEX_METERED_FLEET_READ_URL || undefined;
  const detail = env.CODEX_METERED_FLEET_DETAIL || NOTHING_SET.detail;
  return {
    ...NOTHING_SET,
    ...{ name: TARGET_OF_VARIABLES, url, passwordFile, readUrl, waitMs: 0 },
    detail: expectDetail(detail, 'CODEX_METERED_FLEET_DETAIL'),
  };
}

function withVariables(target: FleetTarget, env: NodeJS.ProcessEnv): FleetTarget {
  const wait = env.CODEX_METERED_FLEET_WAIT;
  const labels = parseLabels(env.CODEX_METERED_LABELS ?? '');
  return {
    ...target,
    user: env.CODEX_METERED_USER || target.user,
    labels: { ...target.labels, ...labels },
    waitMs: wait ? expectDuration(wait, 'CODEX_METERED_FLEET_WAIT') : target.waitMs,
  };
}

function expectDetail(written: string, place: string): Detail {
  const detail = DETAILS.find((one) => one === written);
  if (detail) return detail;
  throw new UsageError(`${place}: "${written}" ${DETAIL_WANTED}.`);
}

function expectDuration(written: string, place: string): number {
  const ms = readDuration(written);
  if (ms !== undefined) return ms;
  throw new UsageError(`${place}: "${written}" is not a duration: use such as 500ms, 20s or 5m.`);
}

/** How long the end of a run may wait for its push, to the most patient of the targets. */
export function longestWait(targets: readonly Setting<FleetTarget>[]): number {
  return Math.max(0, ...targets.map(({ value }) => value.waitMs));
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Reads `500ms`, `20s`, `5m`, `1h`, `2d` as milliseconds; undefined for anything else. */
export function readDuration(written: string): number | undefined {
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(written.trim()) ?? [];
  return count === undefined ? undefined : Math.round(Number(count) * (UNITS[unit] ?? 0));
}
