import type { Connection } from '../store/open.js';
import type { Scope } from '../store/queries.js';
import {
  findProjectAt,
  findProjects,
  findScopes,
  findSessionsOfChild,
  type Place,
  readSummary,
} from '../store/scopes.js';
import type { TagFilter } from '../store/tags.js';
import { findPhase } from '../usage/phase.js';
import { type Candidate, ReportError } from './error.js';
import { assertTags, describeTags } from './tags.js';

const MAX_CANDIDATES = 10;

/** A part of a run or session: the invocations of a phase or an iteration, or what one model used in them. */
export interface Part {
  readonly phase?: string | undefined;
  readonly iteration?: number | undefined;
  /** A model's name, or a pattern with `*` and `?`. */
  readonly model?: string | undefined;
}

/** Which run or session the reader asks for. Without `id` it is the newest: of `projectId`, or of `place`, or of all. */
export interface Wish extends Part {
  readonly kind: Scope['kind'];
  /** A whole id or the beginning of one. For a run, its phase and iteration may follow: `r42/reviewer/3`, `r42//3`. */
  readonly id: string | undefined;
  readonly projectId: string | undefined;
  /** Only runs or sessions with something that has these tags, and of them that alone. */
  readonly tags?: TagFilter | undefined;
  readonly place: Place;
}

/** How a run or session was found. `child-thread`: the id was that of a child thread of the session. */
export type SelectionReason = 'named' | 'child-thread' | 'newest-of-project' | 'newest-here' | 'newest';

export interface Selection {
  readonly scope: Scope;
  readonly reason: SelectionReason;
  /** Undefined when all of it was asked for. */
  readonly part?: Part | undefined;
}

/** Splits `r42/reviewer/3` and `r42//3` into the run and the part of it; undefined where `text` has no slash. */
export function parseSelector(text: string): (Part & { readonly runId: string }) | undefined {
  const whole = /^(.+)\/([^/]*)\/(\d+)$/.exec(text) ?? /^(.+)\/([^/]*)$/.exec(text);
  if (!whole) return undefined;
  const [, runId = '', phase = '', iteration] = whole;
  return {
    runId,
    phase: phase === '' ? undefined : (findPhase(phase) ?? phase),
    iteration: iteration === undefined ? undefined : Number(iteration),
  };
}

/** Finds the run or session of `wish`. Throws a ReportError that says what there is instead. */
export function selectScope(connection: Connection, wish: Wish): Selection {
  assertProject(connection, wish.projectId);
  const selection = wish.id === undefined ? selectNewest(connection, wish) : selectById(connection, wish, wish.id);
  if (selection) return { ...selection, part: joinParts(selection.part, wish) };
  const { kind, projectId, tags } = wish;
  assertTags(connection, tags);
  const newest = findScopes(connection, kind, { projectId, tags, limit: 5 });
  const having = tags === undefined ? '' : ` with ${describeTags(tags).join(' and ')}`;
  const where = (projectId === undefined ? '' : ` in project ${projectId}`) + having;
  if (wish.id === undefined || newest.length === 0) {
    throw new ReportError('nothing-metered', `No ${kind} has been metered${where} yet.`);
  }
  throw new ReportError(
    'unknown',
    `There is no ${kind} ${wish.id}${where}.`,
    newest.map((scope) => describeCandidate(connection, scope)),
  );
}

/** Finds the run of `wish`, or else the session of that name. Throws a ReportError that says which runs there are. */
export function selectRunOrSession(connection: Connection, wish: Omit<Wish, 'kind'>): Selection {
  try {
    return selectScope(connection, { ...wish, kind: 'run' });
  } catch (error) {
    if (!(error instanceof ReportError) || wish.id === undefined || error.kind === 'ambiguous') throw error;
    try {
      return selectScope(connection, { ...wish, kind: 'session' });
    } catch (other) {
      throw other instanceof ReportError && other.kind === 'ambiguous' ? other : error;
    }
  }
}

/** Throws a ReportError unless `projectId` is undefined or something was metered for it. */
export function assertProject(connection: Connection, projectId: string | undefined): void {
  if (projectId === undefined) return;
  const known = findProjects(connection);
  if (known.includes(projectId)) return;
  const list = known.length === 0 ? '' : ` Known projects: ${known.slice(0, MAX_CANDIDATES).join(', ')}.`;
  throw new ReportError('unknown', `Nothing has been metered for project ${projectId}.${list}`);
}

/** What options ask for goes before what the selector says. */
function joinParts(selected: Part | undefined, wish: Wish): Part | undefined {
  const phase = wish.phase === undefined ? selected?.phase : (findPhase(wish.phase) ?? wish.phase);
  const part = { phase, iteration: wish.iteration ?? selected?.iteration, model: wish.model };
  return Object.values(part).every((value) => value === undefined) ? undefined : part;
}

function selectNewest(connection: Connection, { kind, projectId, tags, place }: Wish): Selection | undefined {
  const here = projectId === undefined ? findProjectAt(connection, place) : undefined;
  const attempts: [SelectionReason, string | undefined][] =
    projectId === undefined ? [['newest', undefined]] : [['newest-of-project', projectId]];
  if (here !== undefined) attempts.unshift(['newest-here', here]);
  for (const [reason, project] of attempts) {
    const [scope] = findScopes(connection, kind, { projectId: project, tags, limit: 1 });
    if (scope) return { scope, reason };
  }
  return undefined;
}

/** The id of a run may have slashes itself, so the whole text is looked for first. */
function selectById(connection: Connection, wish: Wish, id: string): Selection | undefined {
  const whole = selectNamed(connection, wish, id);
  const part = whole || wish.kind === 'session' ? undefined : parseSelector(id);
  if (!part) return whole;
  const selection = selectNamed(connection, wish, part.runId);
  return selection && { ...selection, part };
}

function selectNamed(connection: Connection, wish: Wish, id: string): Selection | undefined {
  const { kind, projectId, tags, place } = wish;
  const exact = findScopes(connection, kind, { id, projectId, tags, limit: MAX_CANDIDATES });
  const found =
    exact.length > 0 ? exact : findScopes(connection, kind, { prefix: id, projectId, tags, limit: MAX_CANDIDATES });
  const here = exact.length > 1 ? findProjectAt(connection, place) : undefined;
  const chosen = found.find((scope) => scope.kind === 'run' && scope.projectId === here);
  if (chosen) return { scope: chosen, reason: 'named' };
  if (found.length > 0) return { scope: expectOne(connection, wish, id, found), reason: 'named' };
  const parents = kind === 'session' && tags === undefined ? findSessionsOfChild(connection, id) : [];
  return parents.length === 0 ? undefined : { scope: expectOne(connection, wish, id, parents), reason: 'child-thread' };
}

function expectOne(connection: Connection, { kind }: Wish, id: string, found: readonly Scope[]): Scope {
  const [scope] = found;
  if (scope && found.length === 1) return scope;
  const candidates = found.slice(0, MAX_CANDIDATES).map((one) => describeCandidate(connection, one));
  const message = candidates.every((candidate) => candidate.id === id)
    ? `Several projects have a ${kind} ${id}: say which with --project.`
    : `The ids of several ${kind}s begin with ${id}.`;
  throw new ReportError('ambiguous', message, candidates);
}

function describeCandidate(connection: Connection, scope: Scope): Candidate {
  const { projectIds, startedAtMs } = readSummary(connection, scope);
  return { id: idOf(scope), projectIds, startedAtMs };
}

export function idOf(scope: Scope): string {
  return scope.kind === 'run' ? scope.runId : scope.threadId;
}
