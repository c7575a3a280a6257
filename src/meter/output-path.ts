import { resolve } from 'node:path';
import type { OutputPattern } from '../config/settings.js';
import { UsageError } from '../errors.js';

/** What was found in a path, by the named groups of the pattern that it matches. */
export type PathGroups = Readonly<Record<string, string | undefined>>;

/** Between two names of a path, on every system. */
const SLASH = '[/\\\\]';
const NAME = '[^/\\\\]+';

/** `…/<run>/builder/iter-3/result.json` and its likes: `iteration_3`, `iter3`, or the number alone. */
const ROUNDS: OutputPattern = {
  pattern: `(?:^|${SLASH})(?<run>${NAME})${SLASH}(?<phase>builder|reviewer|chat|handoff|build|review)${SLASH}(?:iter(?:ation)?[-_]?)?(?<iteration>\\d+)${SLASH}${NAME}$`,
};

/**
 * What the control center for which this program was made keeps in the folder `.system` of a project, or of its own. A chat
 * has an id too, but it names no run.
 */
const CONTROL_CENTER: readonly OutputPattern[] = [
  { phase: 'reviewer', pattern: inSystemFolder('runs', `(?<run>${NAME})`, 'merge', 'reviewer', '') },
  { phase: 'builder', pattern: inSystemFolder('runs', `(?<run>${NAME})`, 'merge', '') },
  { phase: 'chat', pattern: inSystemFolder('chat', '(?:runs|suggestions|summaries)', '') },
  { phase: 'handoff', pattern: `${inSystemFolder('utility', 'handoff-')}${NAME}$` },
  { phase: 'other', pattern: inSystemFolder('utility', '') },
];

function inSystemFolder(...names: string[]): string {
  return [`${SLASH}\\.system`, ...names].join(SLASH);
}

/**
 * What the path `outputLastMessage`, given in the folder `cwd`, tells: by the first pattern that it matches, of `patterns`
 * and then of the built-in ones. Who names a pattern for all phases does without the built-in one for these. Throws a
 * UsageError where a pattern is none.
 */
export function readOutputPath(
  patterns: readonly OutputPattern[],
  outputLastMessage: string | undefined,
  cwd: string,
): PathGroups {
  const own = patterns.map(compile);
  if (!outputLastMessage) return {};
  const hasWhole = patterns.some(({ phase }) => phase === undefined);
  const builtIn = [...(hasWhole ? [] : [ROUNDS]), ...CONTROL_CENTER];
  const path = resolve(cwd, outputLastMessage);
  for (const { expression, phase } of [...own, ...builtIn.map(compile)]) {
    const found = expression.exec(path);
    if (found) return { ...found.groups, ...(phase && { phase }) };
  }
  return {};
}

function compile({ pattern, phase }: OutputPattern) {
  try {
    return { phase, expression: new RegExp(pattern) };
  } catch {
    throw new UsageError(`"${pattern}" is not a regular expression: see --meter-output-pattern in --meter-help.`);
  }
}
