import { resolve } from 'node:path';
import type { OutputPattern } from '../config/settings.js';
import { UsageError } from '../errors.js';
import { nameProject } from '../io/work-tree.js';
import { createDayWriter } from '../usage/day.js';
import { findPhase, PHASES, type Phase } from '../usage/phase.js';
import type { Attribution, AttributionOrigin } from '../usage/record.js';
import { readOutputPath } from './output-path.js';

/** What the user set by option, environment or configuration file, or by the name of a link. */
export interface GivenAttribution {
  readonly project: GivenValue;
  readonly run: GivenValue;
  readonly phase: GivenValue;
  readonly iteration: GivenValue;
  /** Tried in order before the built-in ones: see output-path.ts. */
  readonly outputPatterns: readonly OutputPattern[];
  /** The time zone of the days that name runs; undefined is the system's. */
  readonly timeZone: string | undefined;
}

export type GivenValue = { readonly value: string; readonly origin: AttributionOrigin } | undefined;

/** What the invocation shows of itself. */
export interface CallFacts {
  readonly cwd: string;
  readonly command: string;
  readonly cd: string | undefined;
  readonly outputLastMessage: string | undefined;
  readonly startedAtMs: number;
}

const ITERATION = /^\d{1,9}$/;

/**
 * Decides the attribution of an invocation: what the user set wins over what the path of `--output-last-message`, the
 * command and the git work tree show. Without a run id, a day's invocations in a project are one run. Throws a UsageError
 * when the user set something impossible.
 */
export function attribute(said: GivenAttribution, shown: CallFacts): Attribution {
  const groups = readOutputPath(said.outputPatterns, shown.outputLastMessage, shown.cwd);
  // A pattern of the user's may find what is no phase or iteration. That is no reason to refuse the run.
  const path = (group: string, isUsable = (value: string) => value !== ''): GivenValue => {
    const value = groups[group];
    return value && isUsable(value) ? { value, origin: 'output path' } : undefined;
  };
  const project = said.project ?? nameProject(resolve(shown.cwd, shown.cd ?? '.'));
  const run = said.run ??
    path('run') ?? { value: localDay(shown.startedAtMs, said.timeZone), origin: 'default' as const };
  const phase = said.phase ?? path('phase', (value) => findPhase(value) !== undefined) ?? inferPhase(shown.command);
  // A long number in a path is a time or an id, not a round.
  const iteration = said.iteration ?? path('iteration', (value) => ITERATION.test(value));
  return {
    projectId: project.value,
    runId: run.value,
    phase: parsePhase(phase.value),
    iteration: iteration && parseIteration(iteration.value),
    origins: {
      project: project.origin,
      run: run.origin,
      phase: phase.origin,
      iteration: iteration?.origin ?? 'default',
    },
  };
}

function parsePhase(value: string): Phase {
  const phase = findPhase(value);
  if (phase) return phase;
  throw new UsageError(`"${value}" is not a phase: use one of ${PHASES.join(', ')}.`);
}

function parseIteration(value: string): number {
  if (ITERATION.test(value)) return Number(value);
  throw new UsageError(`"${value}" is not an iteration: use a whole number such as 3.`);
}

function inferPhase(command: string): { value: Phase; origin: AttributionOrigin } {
  const isReview = command === 'exec review' || command === 'review';
  return isReview ? { value: 'reviewer', origin: 'command' } : { value: 'other', origin: 'default' };
}

function localDay(atMs: number, timeZone: string | undefined): string {
  // Without Intl where it is not asked for: it takes Node 10 ms to have it ready, and Codex waits.
  if (timeZone !== undefined) return createDayWriter(timeZone)(atMs);
  const day = new Date(atMs);
  return [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, '0')).join('-');
}
