import { CREDIT_CARD } from '../pricing/credit-card.js';
import { lengthOf, takeCredits } from '../pricing/credits.js';
import {
  type CreditClassSum,
  readCreditSums,
  readInvocationCredits,
  readUnmeteredCredits,
} from '../store/credit-queries.js';
import type { Connection } from '../store/open.js';
import type { OffsetChange, SumKeys, UsageFilter, UsageOf } from '../store/period-queries.js';
import type { ResponseRow, Scope } from '../store/queries.js';
import { addressOfDocs } from '../usage/docs.js';
import type { CostUnit } from '../usage/options.js';
import { formatCount, formatPlural } from './amounts.js';

/** How many credits of a ChatGPT plan a group of responses has taken. Only Codex's responses take any. */
export interface CreditFigures {
  /** The sum of the responses whose credits are known; undefined when there are none. */
  readonly nanoCredits: number | undefined;
  /** How many responses of Codex the sum leaves out because their credits are not known. */
  readonly unratedResponses: number;
}

const NONE: CreditFigures = { nanoCredits: undefined, unratedResponses: 0 };

/** Returns the credits of a row of sums by its keys; undefined unless the report was asked for credits. */
export type CreditsOf<Row> = (row: Row) => CreditFigures | undefined;

const DAY_MS = 86_400_000;

export function sumCredits(a: CreditFigures | undefined, b: CreditFigures | undefined): CreditFigures | undefined {
  if (!a || !b) return a ?? b;
  const nanoCredits =
    a.nanoCredits === undefined && b.nanoCredits === undefined
      ? undefined
      : (a.nanoCredits ?? 0) + (b.nanoCredits ?? 0);
  return { nanoCredits, unratedResponses: a.unratedResponses + b.unratedResponses };
}

/** Reads the credits of the rows that `readSums` reads by the same keys and filter. */
export function readCredits<Key extends keyof SumKeys>(
  connection: Connection,
  unit: CostUnit | undefined,
  keys: readonly Key[],
  filter: UsageFilter,
  offsets: readonly OffsetChange[],
  of: UsageOf = 'all',
): CreditsOf<Pick<SumKeys, Key>> {
  if (unit !== 'credits') return askNothing;
  if (filter.provider !== undefined && filter.provider !== 'codex') return () => NONE;
  const ofFilter = { ...filter, longAbove: CREDIT_CARD.longAboveInputTokens };
  const keyOf = (row: Pick<SumKeys, Key>) => keys.map((key) => String(row[key])).join('\n');
  return addUp(readCreditSums(connection, keys, ofFilter, offsets, of), keyOf);
}

export interface ModelOf {
  /** The id of an invocation, or of a thread that was not metered. */
  readonly id: string;
  readonly model: string;
  readonly source: string;
}

/** Reads the credits of the invocations of a run or a session, and of its unmetered threads. */
export function readScopeCredits(
  connection: Connection,
  unit: CostUnit | undefined,
  scope: Scope,
): { readonly ofInvocation: CreditsOf<ModelOf>; readonly ofThread: CreditsOf<ModelOf> } {
  if (unit !== 'credits') return { ofInvocation: askNothing, ofThread: askNothing };
  const { metered, unmetered } = readScope(connection, scope);
  const keyOf = ({ id, model, source }: ModelOf) => `${id}\n${model}\n${source}`;
  return { ofInvocation: addUp(metered, keyOf), ofThread: addUp(unmetered, keyOf) };
}

/** Reads the credits of a whole run or session; undefined unless the report was asked for credits. */
export function readTotalCredits(
  connection: Connection,
  unit: CostUnit | undefined,
  scope: Scope,
): CreditFigures | undefined {
  if (unit !== 'credits') return undefined;
  const { metered, unmetered } = readScope(connection, scope);
  const creditsOf: CreditsOf<object> = addUp<object>([...metered, ...unmetered], () => 'all');
  return creditsOf({});
}

function readScope(connection: Connection, scope: Scope) {
  const { longAboveInputTokens } = CREDIT_CARD;
  const metered = readInvocationCredits(connection, scope, longAboveInputTokens);
  if (scope.kind === 'run') return { metered, unmetered: [] };
  return { metered, unmetered: readUnmeteredCredits(connection, scope, longAboveInputTokens) };
}

/** Returns the credits of one response; undefined unless the report was asked for credits. */
export function creditsOfResponse(row: ResponseRow, unit: CostUnit | undefined): CreditFigures | undefined {
  if (unit !== 'credits') return undefined;
  if (row.provider !== 'codex') return NONE;
  const { model, serviceTier, completedAtMs: atMs, input, output } = row;
  const cachedInput = Math.min(row.cachedInput, input);
  const of = { model, serviceTier, atMs, length: lengthOf(input) };
  return toCreditFigures(takeCredits(of, { input, cachedInput, output }), 1);
}

function askNothing(): undefined {
  return undefined;
}

function addUp<Row extends object>(
  classes: readonly (Row & CreditClassSum)[],
  keyOf: (row: Row) => string,
): CreditsOf<Row> {
  const sums = new Map<string, CreditFigures>();
  for (const row of classes) {
    const { ofModel: model, serviceTier, utcDay, isLong, responses } = row;
    const of = { model, serviceTier, atMs: utcDay * DAY_MS, length: isLong ? 'long' : 'short' } as const;
    const credits = toCreditFigures(takeCredits(of, row), responses);
    sums.set(keyOf(row), sumCredits(sums.get(keyOf(row)), credits) ?? credits);
  }
  return (row) => sums.get(keyOf(row)) ?? NONE;
}

function toCreditFigures(nanoCredits: number | undefined, responses: number): CreditFigures {
  return { nanoCredits, unratedResponses: nanoCredits === undefined ? responses : 0 };
}

/** Returns what a JSON document says once about all credits in it. */
export function toCreditCardJson(): object {
  const { unconfirmed, asOf, source, creditsPerUsd } = CREDIT_CARD;
  return { unconfirmed, asOf, source, creditsPerUsd };
}

/** Explains the credits of a report, a paragraph each; nothing unless the report was asked for credits. */
export function explainCredits(credits: CreditFigures | undefined): string[] {
  if (!credits) return [];
  const { unratedResponses } = credits;
  const left =
    unratedResponses === 0
      ? ''
      : ` Those of ${formatPlural(unratedResponses, 'response')} of Codex are not known, and left out (+).`;
  return [
    `Credits are unconfirmed: a rate card for ChatGPT plans as of ${CREDIT_CARD.asOf}, for Codex alone (${addressOfDocs('pricing.md')}).${left}`,
  ];
}

/** Writes nano-credits: `1,234`, `123.4`, `12.34`, `0.0123`, `<0.0001` */
export function formatCredits(nanoCredits: number): string {
  const credits = nanoCredits / 1e9;
  if (credits > 0 && credits < 0.0001) return '<0.0001';
  const decimals = credits >= 1000 ? 0 : credits >= 100 ? 1 : credits >= 1 ? 2 : 4;
  const [whole = '0', fraction] = credits.toFixed(decimals).split('.');
  return formatCount(Number(whole)) + (fraction === undefined ? '' : `.${fraction}`);
}
