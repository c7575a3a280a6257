import { UsageError } from '../errors.js';
import { attribute, type Named } from '../meter/attribution.js';
import { PHASES, type Phase } from '../usage/phase.js';
import type { Attribution } from '../usage/record.js';

/** To whom a step belongs, and where it is recorded. */
export interface UsageContext {
  /** `builder`, `reviewer`, `chat`, `handoff` or `other`. */
  readonly category: Phase;
  /** Default: CODEX_METERED_PROJECT, or else the git work tree of `cwd`. */
  readonly project?: string | undefined;
  /** Default: CODEX_METERED_RUN_ID, or else the day. */
  readonly runId?: string | undefined;
  /** The round of the category within the run. Default: the next free one. */
  readonly iteration?: number | undefined;
  /** Default: the working directory of this process. */
  readonly cwd?: string | undefined;
  /** The database to record in. Default: CODEX_METERED_DB, or else the platform's place for it. */
  readonly database?: string | undefined;
}

/** A context that has been checked. */
export interface Place {
  readonly attribution: Attribution;
  readonly cwd: string;
  /** The environment with the database that was asked for. */
  readonly env: NodeJS.ProcessEnv;
}

/** Checks `context` and fills in what the environment says. Throws a UsageError for one that makes no sense. */
export function resolveContext(context: UsageContext, startedAtMs: number): Place {
  const { category, project, runId, iteration, database } = context;
  if (!PHASES.includes(category)) {
    throw new UsageError(`The category "${category}" does not exist: use one of ${PHASES.join(', ')}.`);
  }
  const cwd = context.cwd ?? readCwd();
  const attribution = attribute(
    {
      project: name(project, 'CODEX_METERED_PROJECT'),
      run: name(runId, 'CODEX_METERED_RUN_ID'),
      phase: { value: category, origin: 'option' },
      iteration: iteration === undefined ? undefined : { value: String(iteration), origin: 'option' },
      outputPatterns: [],
      timeZone: undefined,
    },
    { cwd, command: '', cd: undefined, outputLastMessage: undefined, startedAtMs },
  );
  return { attribution, cwd, env: database ? { ...process.env, CODEX_METERED_DB: database } : process.env };
}

function name(given: string | undefined, variable: string): Named {
  if (given) return { value: given, origin: 'option' };
  const set = process.env[variable];
  return set ? { value: set, origin: 'environment' } : undefined;
}

function readCwd(): string {
  try {
    return process.cwd();
  } catch {
    return process.env.PWD || '/';
  }
}
