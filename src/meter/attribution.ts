import { resolve } from 'node:path';
import { UsageError } from '../errors.js';
import { nameProject } from '../io/work-tree.js';
import { PHASES, type Phase } from '../usage/phase.js';
import type { Attribution, AttributionOrigin } from '../usage/record.js';

/** What the user said, by option or environment. */
export interface Said {
  readonly project: Named;
  readonly run: Named;
  readonly phase: Named;
  readonly iteration: Named;
  /** A pattern for the path of `--output-last-message` with the named groups `run`, `phase` and `iteration`. */
  readonly outputPattern: string | undefined;
}

export type Named = { readonly value: string; readonly origin: 'option' | 'environment' } | undefined;

/** What the invocation shows of itself. */
export interface Shown {
  readonly cwd: string;
  readonly command: string;
  readonly cd: string | undefined;
  readonly outputLastMessage: string | undefined;
  readonly startedAtMs: number;
}

/** `…/<run>/builder/iter-3/result.json` and its likes: `iteration_3`, `iter3`, or the number alone. */
const OUTPUT_PATTERN =
  '(?:^|[/\\\\])(?<run>[^/\\\\]+)[/\\\\](?<phase>builder|reviewer|chat|handoff|build|review)[/\\\\](?:iter(?:ation)?[-_]?)?(?<iteration>\\d+)[/\\\\][^/\\\\]+$';

const ITERATION = /^\d{1,9}$/;

const SYNONYMS: ReadonlyMap<string, Phase> = new Map([
  ['build', 'builder'],
  ['review', 'reviewer'],
]);

type Guess = { readonly value: string; readonly origin: AttributionOrigin } | undefined;

/**
 * Says to whom an invocation belongs: what the user said first, then what the path of `--output-last-message`, the
 * command and the git work tree show. Without a run id, a day's invocations in a project are one run. Throws a
 * UsageError when what the user said makes no sense.
 */
export function attribute(said: Said, shown: Shown): Attribution {
  const path = readOutputPath(said.outputPattern, shown);
  const project = said.project ?? nameProject(resolve(shown.cwd, shown.cd ?? '.'));
  const run = said.run ?? path('run') ?? { value: localDay(shown.startedAtMs), origin: 'default' as const };
  const phase = said.phase ?? knownPhase(path('phase')) ?? inferPhase(shown.command);
  const iteration = said.iteration ?? knownIteration(path('iteration'));
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

/** A pattern of the user's may find what is no phase: that is no reason to refuse the run. */
function knownPhase(guess: Guess): Guess {
  return guess && findPhase(guess.value) ? guess : undefined;
}

/** A long number in a path is a time or an id, not a round. */
function knownIteration(guess: Guess): Guess {
  return guess && ITERATION.test(guess.value) ? guess : undefined;
}

function findPhase(value: string): Phase | undefined {
  return SYNONYMS.get(value) ?? PHASES.find((known) => known === value);
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

function readOutputPath(pattern: string | undefined, shown: Shown): (group: string) => Guess {
  const groups = matchOutputPath(pattern, shown);
  return (group) => {
    const value = groups[group];
    return value ? { value, origin: 'output path' } : undefined;
  };
}

function matchOutputPath(
  pattern: string | undefined,
  { outputLastMessage, cwd }: Shown,
): Record<string, string | undefined> {
  const expression = compilePattern(pattern ?? OUTPUT_PATTERN);
  return (outputLastMessage && expression.exec(resolve(cwd, outputLastMessage))?.groups) || {};
}

function compilePattern(pattern: string): RegExp {
  try {
    return new RegExp(pattern);
  } catch {
    throw new UsageError(`"${pattern}" is not a regular expression: see --meter-output-pattern in --meter-help.`);
  }
}

function inferPhase(command: string): { value: Phase; origin: AttributionOrigin } {
  const isReview = command === 'exec review' || command === 'review';
  return isReview ? { value: 'reviewer', origin: 'command' } : { value: 'other', origin: 'default' };
}

function localDay(atMs: number): string {
  const day = new Date(atMs);
  return [day.getFullYear(), day.getMonth() + 1, day.getDate()].map((part) => String(part).padStart(2, '0')).join('-');
}
