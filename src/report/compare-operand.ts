import { UsageError } from '../errors.js';
import type { ComparedFilter } from '../store/compare-queries.js';
import type { Connection } from '../store/open.js';
import { listNames } from '../store/period-queries.js';
import { findScopes, type Place } from '../store/scopes.js';
import { listTags, listWanted, type TagFilter, toTagFilter } from '../store/tags.js';
import { findPhase, PHASES } from '../usage/phase.js';
import { parseTag, type Tag } from '../usage/tags.js';
import { type Calendar, type Day, formatDay, parseDay, startOfMonth, startOfWeek } from './calendar.js';
import { describePart } from './cost-part.js';
import { readCostReport } from './cost-report.js';
import { ReportError } from './error.js';
import { type DayRange, describeRange, toMoments } from './period-range.js';
import { assertProject, type Selection, selectRunOrSession, selectScope } from './selector.js';
import { describeTags } from './tags.js';

export interface Operand {
  /** As it was asked for; of a run that nobody named, its id. */
  readonly given: string;
  readonly kind: OperandKind;
  /** For people: `run nightly-7, phase reviewer`. */
  readonly label: string;
  readonly filter: ComparedFilter;
}

/** A word that can be written before a colon, or `days`. */
export type OperandKind = NamedKind | 'days';
type NamedKind = 'run' | 'session' | 'model' | 'project' | 'phase' | 'branch' | 'pr' | 'ticket' | 'tag';

export interface OperandContext {
  readonly calendar: Calendar;
  readonly today: Day;
  readonly place: Place;
  /** What all operands are restricted to. */
  readonly within: ComparedFilter;
}

type Found = Pick<Operand, 'kind' | 'label' | 'filter'>;
type Reader = (connection: Connection, value: string, context: OperandContext) => Found;

/** What a word before a colon asks for. A further kind is an entry here and in NamedKind. */
const READERS: Readonly<Record<NamedKind, Reader>> = {
  run: readScope('run'),
  session: readScope('session'),
  model: (_connection, model) => ({ kind: 'model', label: `model ${model}`, filter: { model } }),
  project(connection, projectId) {
    assertProject(connection, projectId);
    return { kind: 'project', label: `project ${projectId}`, filter: { projectId } };
  },
  phase(_connection, name) {
    const phase = findPhase(name);
    if (!phase) throw new ReportError('unknown', `There is no phase ${name}. There is: ${PHASES.join(', ')}.`);
    return { kind: 'phase', label: `phase ${phase}`, filter: { phase } };
  },
  branch: (_connection, value) => findTagged('branch', [{ key: 'branch', value }]),
  ticket: (_connection, value) => findTagged('ticket', [{ key: 'ticket', value }]),
  pr(_connection, written) {
    // As reports by pull request name it, with its repository: owner/name#12.
    const [, repo = '', number = written] = /^(.*)#(.+)$/s.exec(written) ?? [];
    return findTagged('pr', [...(repo === '' ? [] : [{ key: 'repo', value: repo }]), { key: 'pr', value: number }]);
  },
  tag(_connection, written) {
    const tag = parseTag(written);
    if (typeof tag === 'string') throw new UsageError(`tag:${written} is no tag: ${tag}. Use tag:key=value.`);
    return findTagged('tag', [tag]);
  },
};

function readScope(kind: 'run' | 'session'): Reader {
  return (connection, id, { within: { projectId, tags }, place }) => {
    return describeSelection(connection, selectScope(connection, { kind, id, projectId, tags, place }));
  };
}

function findTagged(kind: NamedKind, tags: readonly Tag[]): Found {
  const filter = toTagFilter(tags);
  return { kind, label: describeTags(filter).join(', '), filter: { tags: filter } };
}

const MONDAY = 1;

const NAMED_DAYS: Readonly<Record<string, (today: Day) => DayRange>> = {
  today: (today) => ({ since: today, until: today }),
  yesterday: (today) => ({ since: today - 1, until: today - 1 }),
  'this-week': (today) => weekFrom(startOfWeek(today, MONDAY)),
  'last-week': (today) => weekFrom(startOfWeek(today, MONDAY) - 7),
  'this-month': (today) => monthOf(today),
  'last-month': (today) => monthOf(startOfMonth(today) - 1),
};

/** How an operand can be written, for errors. */
const FORMS =
  `Use a run, session:ID, model:NAME, project:ID, phase:NAME, branch:NAME, pr:12, ticket:ID, tag:KEY=VALUE, or days: 2026-11-24, 2026-11,
2026-11-01..2026-11-14, ${Object.keys(NAMED_DAYS).join(', ')}.`.replaceAll('\n', ' ');

/** Finds what `text` means. Throws a ReportError that says what there is instead, and a UsageError. */
export function readOperand(connection: Connection, text: string, context: OperandContext): Operand {
  const found = findOperand(connection, text, context);
  return { given: text, ...found, filter: restrict(found, text, context.within) };
}

/** The newest runs of the project that the reader stands in, or else of all: `count` of them, the newest last. */
export function readNewestRuns(connection: Connection, count: number, context: OperandContext): Operand[] {
  const { within, place } = context;
  const { tags } = within;
  const { scope } = selectScope(connection, { kind: 'run', id: undefined, projectId: within.projectId, tags, place });
  const projectId = scope.kind === 'run' ? scope.projectId : undefined;
  const runs = findScopes(connection, 'run', { projectId, tags, limit: count });
  if (runs.length < count) {
    throw new ReportError('nothing-in-range', `There is only one run in project ${projectId}: say what to compare.`);
  }
  return runs.reverse().flatMap((run) => {
    if (run.kind !== 'run') return [];
    const found = describeSelection(connection, { scope: run, reason: 'newest' });
    return { given: run.runId, ...found, filter: restrict(found, run.runId, within) };
  });
}

function findOperand(connection: Connection, text: string, context: OperandContext): Found {
  const [, kind = '', value = ''] = /^([a-z]+):(.+)$/s.exec(text) ?? [];
  if (isKind(kind)) return READERS[kind](connection, value, context);
  const days = parseDays(text, context.today);
  if (days) {
    const { since, until } = days;
    const label = since === until && since !== undefined ? `day ${formatDay(since)}` : `days${describeRange(days)}`;
    return { kind: 'days', label, filter: toMoments(days, context.calendar) };
  }
  const { projectId, tags } = context.within;
  try {
    const wish = { id: text, projectId, tags, place: context.place };
    return describeSelection(connection, selectRunOrSession(connection, wish));
  } catch (error) {
    if (!(error instanceof ReportError) || error.kind !== 'unknown') throw error;
    throw new ReportError('unknown', [error.message, ...suggest(connection, text), FORMS].join(' '), error.candidates);
  }
}

function isKind(text: string): text is NamedKind {
  return Object.hasOwn(READERS, text);
}

/** Says that there is a model, a project or a phase of that name. */
function suggest(connection: Connection, text: string): string[] {
  const kinds = [
    ...(listNames(connection, 'model').includes(text) ? ['model'] : []),
    ...(listNames(connection, 'projectId').includes(text) ? ['project'] : []),
    ...(findPhase(text) ? ['phase'] : []),
    ...['branch', 'ticket', 'pr'].filter((key) => listTags(connection, key).includes(text)),
  ];
  return kinds.map((kind) => `There is a ${kind} of that name: ${kind}:${text}.`);
}

function describeSelection(connection: Connection, { scope, part }: Selection): Found {
  if (scope.kind === 'session') {
    return { kind: 'session', label: `session ${scope.threadId}`, filter: { sessionId: scope.threadId } };
  }
  const { projectId, runId } = scope;
  // It says what the run has where it has no such part.
  if (part) readCostReport(connection, scope, { detail: 'models', part });
  const label = [`run ${runId}`, ...(part ? [describePart(part)] : []), `project ${projectId}`].join(', ');
  return { kind: 'run', label, filter: { projectId, runId, phase: part?.phase, iteration: part?.iteration } };
}

const OPTION_NAMES = {
  projectId: '--project',
  phase: '--phase',
  model: '--model',
  fromMs: '--since',
  untilMs: '--until',
} as const;

/** Joins what an operand and the options ask for. Throws a UsageError where both ask for the same thing. */
function restrict({ kind, filter }: Found, text: string, within: ComparedFilter): ComparedFilter {
  for (const [key, option] of Object.entries(OPTION_NAMES)) {
    const name = key as keyof typeof OPTION_NAMES;
    const isAsked = filter[name] !== undefined && within[name] !== undefined;
    if (isAsked && !(kind === 'run' && name === 'projectId')) {
      throw new UsageError(`${text} says already what ${option} says: use one.`);
    }
  }
  const keys = (tags: TagFilter | undefined) => listWanted(tags).map(({ key }) => key);
  const twice = keys(filter.tags).find((key) => keys(within.tags).includes(key));
  if (twice !== undefined) throw new UsageError(`${text} says already which ${twice}: leave out the option.`);
  const tags = toTagFilter([...listWanted(within.tags), ...listWanted(filter.tags)]);
  const asked = Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
  return { ...within, ...asked, tags };
}

/** `2026-11-24`, `2026-11`, `last-week`, or two of them around `..`, of which one may be left out. */
function parseDays(text: string, today: Day): DayRange | undefined {
  const [first = '', last, ...more] = text.split('..');
  const [from, to] = [parseOneSpan(first, today), parseOneSpan(last ?? '', today)];
  if (last === undefined) return from;
  const isRead = (from || first === '') && (to || last === '') && (from || to) && more.length === 0;
  if (!isRead) return undefined;
  const [since, until] = [from?.since, to?.until];
  if (since !== undefined && until !== undefined && since > until)
    throw new UsageError(`${text} ends before it begins.`);
  return { since, until };
}

function parseOneSpan(text: string, today: Day): DayRange | undefined {
  if (Object.hasOwn(NAMED_DAYS, text)) return NAMED_DAYS[text]?.(today);
  const day = parseDay(text);
  if (day !== undefined) return { since: day, until: day };
  const first = /^\d{4}-\d{2}$/.test(text) ? parseDay(`${text}-01`) : undefined;
  return first === undefined ? undefined : monthOf(first);
}

function weekFrom(first: Day): DayRange {
  return { since: first, until: first + 6 };
}

function monthOf(day: Day): DayRange {
  return { since: startOfMonth(day), until: startOfMonth(day, 1) - 1 };
}
