import type { Backlog, PushTarget } from '../store/outbox.js';
import type { SetAsideRow } from '../store/set-aside.js';
import type { PullOutcome } from '../store/team.js';
import { cleanText, formatCount, formatDuration, formatPlural } from './amounts.js';
import type { Check } from './doctor.js';
import { SCHEMA_VERSION, toIso } from './sums-json.js';
import { type TableOptions, wrapText } from './table.js';

/** What became of a push to a target. */
export interface PushSummary {
  readonly target: string;
  readonly waiting: number;
  readonly kind: 'sent' | 'busy' | 'failed';
  readonly responses?: number;
  readonly invocations?: number;
  readonly setAside?: number;
  readonly reason?: string;
  /** Of a push to an OTLP endpoint. */
  readonly points?: number;
  readonly logRecords?: number;
  readonly rejected?: number;
  readonly rejectedBecause?: string;
}

/** A line about a push. `folder`: where batches were written, in place of being sent. */
export function renderOutcome(outcome: PushSummary, folder?: string): string {
  const { target, waiting, kind, responses = 0, invocations = 0, setAside = 0, reason = '' } = outcome;
  const rest =
    waiting === 0 ? '' : ` ${formatPlural(waiting, 'change')} ${waiting === 1 ? 'waits' : 'wait'}, for the next push.`;
  if (kind === 'failed') return `${cleanText(`${reason}${rest}`)}\n`;
  if (kind === 'busy') return `${target}: another process pushes there, and sends what waits.\n`;
  if (outcome.points !== undefined) return `${cleanText(`${target}: ${describePoints(outcome)}${rest}`)}\n`;
  const what = `${formatPlural(responses, 'response')} and ${formatPlural(invocations, 'invocation')}`;
  const done = folder === undefined ? 'sent' : `written to ${folder}:`;
  const aside = setAside === 0 ? '' : ` ${formatPlural(setAside, 'row')} refused: codex-usage fleet status.`;
  if (responses + invocations + setAside === 0) return `${target}: nothing to send.\n`;
  return `${cleanText(`${target}: ${done} ${what}.${aside}${rest}`)}\n`;
}

function describePoints({ points = 0, logRecords = 0, rejected = 0, rejectedBecause = '' }: PushSummary): string {
  const records = logRecords === 0 ? '' : ` and ${formatPlural(logRecords, 'log record')}`;
  const refused =
    rejected === 0 ? '' : ` The collector rejected ${rejected} of them${rejectedBecause && `: ${rejectedBecause}`}.`;
  return `sent ${formatPlural(points, 'point')}${records}.${refused}`;
}

export function toPushJson(outcomes: readonly PushSummary[]): object {
  const targets = outcomes.map(({ target, kind, waiting, setAside, reason, ...sent }) => ({
    ...{ target, outcome: kind, waiting, responses: sent.responses ?? 0, invocations: sent.invocations ?? 0 },
    ...{ setAside: setAside ?? 0, reason: reason ?? null },
    ...(sent.points !== undefined && {
      points: sent.points,
      logRecords: sent.logRecords ?? 0,
      rejected: sent.rejected ?? 0,
    }),
  }));
  return { schemaVersion: SCHEMA_VERSION, kind: 'push', targets };
}

/** Lines about a pull from the target `name`. */
export function renderPull(name: string, pull: PullOutcome): string {
  if (pull.kind === 'failed') return `${cleanText(`${pull.reason} What was pulled before stays.`)}\n`;
  const { responses, invocations, deleted, state } = pull;
  const gone = deleted === 0 ? '' : `, ${formatPlural(deleted, 'response')} gone`;
  const what = `${formatPlural(responses, 'response')} and ${formatPlural(invocations, 'invocation')}`;
  const lines = [`${name}: pulled ${what} that are new or have changed${gone}.`];
  if (state.refused.length > 0)
    lines.push(`${formatPlural(state.refused.length, 'row')} left out, because they cannot be right.`);
  if (state.pruned > 0) {
    lines.push(
      `${formatPlural(state.pruned, 'response')} in no report: the server has dropped them, and has their sums alone.`,
    );
  }
  if (state.summed > 0) {
    lines.push(
      `${formatPlural(state.summed, 'response')} came as sums of invocations: reports count each sum as one response.`,
    );
  }
  return `${cleanText(lines.join(' '))}\n`;
}

export function toPullJson(name: string, pull: PullOutcome): object {
  const head = { schemaVersion: SCHEMA_VERSION, kind: 'pull', target: name, outcome: pull.kind };
  if (pull.kind === 'failed') return { ...head, reason: pull.reason };
  const { responses, invocations, deleted, state } = pull;
  return {
    ...{ ...head, responses, invocations, deleted, since: toIso(state.sinceMs), pulledAt: toIso(state.pulledAtMs) },
    ...{ refused: state.refused.length, pruned: state.pruned, summed: state.summed },
  };
}

/** What is known of a target on this machine. */
export interface TargetStatus {
  readonly name: string;
  /** Without a password. Undefined: the settings do not name the target any more. */
  readonly url: string | undefined;
  /** Undefined: it was never pushed to. */
  readonly known: PushTarget | undefined;
  readonly backlog: Backlog;
  readonly setAside: readonly SetAsideRow[];
}

const STUCK_MS = 3_600_000;
const SKEW_MS = 120_000;
const MOST_NAMED = 5;

/** Whether something has waited for longer than an hour for a target that is set. */
export function isStuck({ url, backlog: { sinceMs } }: TargetStatus, nowMs: number): boolean {
  return url !== undefined && sinceMs !== null && nowMs - sinceMs > STUCK_MS;
}

export function renderStatus(statuses: readonly TargetStatus[], nowMs: number, { width, paint }: TableOptions): string {
  const sections = statuses.map((status) => {
    const lines = describe(status, nowMs).map(([label, text]) => {
      return `  ${label.padEnd(10)}  ${wrapText(cleanText(text), width, ' '.repeat(14))}`;
    });
    return [paint('bold', cleanText(status.name)), ...lines].join('\n');
  });
  return `${sections.join('\n\n')}\n`;
}

function describe(status: TargetStatus, nowMs: number): [label: string, text: string][] {
  const { url, known, backlog, setAside, name } = status;
  const ago = (ms: number) => `${formatDuration(Math.max(0, nowMs - ms))} ago`;
  const { lastOkMs = null, lastTriedMs = null, lastError, clockSkewMs } = known ?? {};
  const never = known ? 'nothing yet' : `never: codex-usage push ${name} sends all that is recorded`;
  const lines: [string, string][] = [
    ['url', url ?? `not set any more: codex-usage fleet remove ${name}`],
    ['waits', describeBacklog(backlog, nowMs)],
    ['pushed', lastOkMs === null ? never : ago(lastOkMs)],
  ];
  if (lastError) lines.push(['error', `${lastTriedMs === null ? '' : `${ago(lastTriedMs)}: `}${lastError}`]);
  const skewMs = clockSkewMs ?? 0;
  if (Math.abs(skewMs) >= SKEW_MS) {
    const direction = skewMs > 0 ? 'ahead of' : 'behind';
    lines.push(['clock', `this machine is ${formatDuration(Math.abs(skewMs))} ${direction} the target: set its clock`]);
  }
  if (setAside.length > 0) {
    const named = setAside
      .slice(0, MOST_NAMED)
      .map(({ kind, id, reason }) => `${kind} ${id} (${reason})`)
      .join('; ');
    const more = setAside.length > MOST_NAMED ? ` and ${formatCount(setAside.length - MOST_NAMED)} more` : '';
    lines.push(['set aside', `${formatPlural(setAside.length, 'row')} that the target refuses: ${named}${more}`]);
  }
  return lines;
}

function describeBacklog({ entries, sinceMs }: Backlog, nowMs: number): string {
  if (entries === 0) return 'nothing';
  const since = sinceMs === null ? '' : `, for ${formatDuration(Math.max(0, nowMs - sinceMs))}`;
  return `${formatPlural(entries, 'change')}${since}`;
}

export function toStatusJson(statuses: readonly TargetStatus[], nowMs: number): object {
  return {
    schemaVersion: SCHEMA_VERSION,
    kind: 'fleet-status',
    targets: statuses.map((status) => ({
      name: status.name,
      url: status.url ?? null,
      store: status.known?.store ?? null,
      isStuck: isStuck(status, nowMs),
      waiting: status.backlog.entries,
      waitingSince: toIso(status.backlog.sinceMs),
      lastPush: toIso(status.known?.lastOkMs),
      lastTry: toIso(status.known?.lastTriedMs),
      lastError: status.known?.lastError ?? null,
      clockSkewMs: status.known?.clockSkewMs ?? null,
      setAside: status.setAside.map(({ kind, id, reason, setAsideAtMs: atMs }) => ({
        kind,
        id,
        reason,
        at: toIso(atMs),
      })),
    })),
  };
}

/** Checks for `doctor`: one for each target. */
export function checkTargets(statuses: readonly TargetStatus[], nowMs: number): Check[] {
  return statuses.map((status): Check => {
    const name = 'fleet';
    const lines = describe(status, nowMs).map(([label, text]) => `${label} ${text}`);
    const text = `${status.name}: ${lines.join('; ')}`;
    const needsAttention = isStuck(status, nowMs) || status.setAside.length > 0;
    if (!needsAttention) return { name, status: status.url === undefined ? 'note' : 'ok', text };
    const advice = `codex-usage push ${status.name} tries again; with --full it also sends what was refused.`;
    return { name, status: 'attention', text, advice };
  });
}
