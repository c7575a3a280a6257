import { resolve } from 'node:path';
import { loadSettings } from '../config/load.js';
import { type Paths, readPaths } from '../config/paths.js';
import type { Setting } from '../config/setting.js';
import { type Given, listPrices, readVariable, SETTING_VARIABLES, type SettingName } from '../config/settings.js';
import { messageOf, UsageError } from '../errors.js';
import { readCwd } from '../files/folders.js';
import { findWorkTree, type WorkTree } from '../io/work-tree.js';
import { attribute, type GivenValue } from '../meter/attribution.js';
import { collectTags } from '../meter/tags.js';
import type { PriceEntry } from '../pricing/price.js';
import type { FleetTarget } from '../usage/fleet-target.js';
import type { EstimateMode } from '../usage/options.js';
import { PHASES, type Phase } from '../usage/phase.js';
import type { Attribution, Note } from '../usage/record.js';
import { type InvocationTag, parseTag } from '../usage/tags.js';

/** The attribution of a call, and where it is recorded. */
export interface UsageContext {
  /** `builder`, `reviewer`, `chat`, `handoff` or `other`. */
  readonly category: Phase;
  /** Default: CODEX_METERED_PROJECT, or what a codex-metered.toml says, or else the git work tree of `cwd`. */
  readonly project?: string | undefined;
  /** Default: CODEX_METERED_RUN_ID, or else the day. */
  readonly runId?: string | undefined;
  /** The round of the category within the run. Default: the next free one. */
  readonly iteration?: number | undefined;
  /** Tags of the call, such as `{ team: 'search' }`. Others are read as codex-metered does: docs/tags.md. */
  readonly tags?: Readonly<Record<string, string>> | undefined;
  /** Default: the working directory of this process. */
  readonly cwd?: string | undefined;
  /** The database to record in. Default: CODEX_METERED_DB, or what a codex-metered.toml says, or else the platform's folder for data. */
  readonly database?: string | undefined;
}

/** A context with what the environment and the configuration files say. */
export interface ResolvedContext {
  readonly attribution: Attribution;
  readonly cwd: string;
  readonly workTree: WorkTree | undefined;
  readonly tags: readonly InvocationTag[];
  /** What was left out of the tags, and why. */
  readonly notes: readonly Note[];
  readonly paths: Paths;
  /** Another program's database that is to be given the cost records, too. */
  readonly costRecords: string | undefined;
  /** What becomes of that program's own rows. */
  readonly estimates: EstimateMode;
  /** The user's own prices. */
  readonly prices: readonly PriceEntry[];
  /** Where a process of its own sends what is recorded. */
  readonly fleet: readonly FleetTarget[];
  /** Why the configuration files were left out. */
  readonly problem: string | undefined;
}

/** Throws a UsageError for a context that makes no sense. */
export function checkContext(context: UsageContext): void {
  const { category, iteration, tags = {} } = context ?? {};
  if (!PHASES.includes(category)) {
    throw new UsageError(`The category "${category}" does not exist: use one of ${PHASES.join(', ')}.`);
  }
  if (iteration !== undefined && !(Number.isInteger(iteration) && iteration >= 0)) {
    throw new UsageError(`${iteration} is not an iteration: use a whole number such as 3.`);
  }
  for (const [key, value] of Object.entries(tags)) {
    const tag = parseTag(`${key}=${value}`);
    if (typeof tag === 'string') throw new UsageError(`${JSON.stringify(key)} is not the key of a tag: ${tag}.`);
  }
}

/**
 * Fills in what the environment and the configuration files say; files that cannot be read are left out. Rejects with a
 * UsageError for a context that makes no sense.
 */
export async function resolveContext(context: UsageContext, startedAtMs: number): Promise<ResolvedContext> {
  checkContext(context);
  const { category, runId, iteration } = context;
  const cwd = context.cwd ?? readCwd();
  const said = sayFor(context);
  const workTree = findWorkTree(cwd);
  const { settings, problem } = await readSettings(said, cwd, workTree?.root ?? cwd);
  const own = Object.entries(context.tags ?? {}).map(([key, value]) => {
    return { value: { key, value }, origin: 'option', place: 'tags' } as const;
  });
  const attribution = attribute(
    {
      project: said('project') ?? named(settings?.project),
      run: name(runId, 'runId', 'CODEX_METERED_RUN_ID'),
      phase: { value: category, origin: 'option' },
      iteration: iteration === undefined ? undefined : { value: String(iteration), origin: 'option' },
      outputPatterns: [],
      timeZone: settings?.timeZone.value,
    },
    { cwd, command: '', cd: undefined, outputLastMessage: undefined, startedAtMs },
  );
  // Files that cannot be read are no reason to leave out what the environment says.
  const costRecords = settings?.costRecords.value ?? said('cost-records')?.value;
  return {
    ...{ attribution, cwd, workTree, problem },
    ...collectTags({
      settings: {
        tags: [...own, ...(settings?.tags ?? [])],
        ticketPattern: settings?.ticketPattern ?? { value: undefined, origin: 'default', place: undefined },
      },
      env: process.env,
      workTree: workTree?.root,
    }),
    paths: readPaths(process.env, said('db')?.value ?? settings?.database.value),
    costRecords: costRecords && resolve(costRecords),
    estimates: settings?.estimates.value ?? 'replace',
    prices: settings ? listPrices(settings) : [],
    fleet: (settings?.fleet ?? []).map(({ value }) => value),
  };
}

function sayFor({ project, database }: UsageContext): (name: SettingName) => Given | undefined {
  return (setting) => {
    const given = setting === 'project' ? project : setting === 'db' ? database : undefined;
    return name(given, setting, SETTING_VARIABLES[setting]);
  };
}

async function readSettings(said: (name: SettingName) => Given | undefined, cwd: string, root: string) {
  try {
    return { settings: await loadSettings(said, { cwd, root, env: process.env }), problem: undefined };
  } catch (error) {
    return { settings: undefined, problem: messageOf(error) };
  }
}

function name(given: string | undefined, option: string, variable: string): Given | undefined {
  return given ? { value: given, origin: 'option', place: option } : readVariable(variable, process.env);
}

function named(setting: Setting<string | undefined> | undefined): GivenValue {
  return setting?.value === undefined ? undefined : { value: setting.value, origin: setting.origin };
}
