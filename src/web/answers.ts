import type { Connection } from '../store/open.js';
import type { PendingPlaces } from '../store/pending.js';
import { readSnapshot } from '../store/queries.js';
import type { Store } from '../store/store.js';
import type { CostUnit } from '../usage/options.js';
import { breakdownQuestion } from './answers/breakdown.js';
import { runQuestion, runsQuestion, sessionQuestion, sessionsQuestion, whyQuestion } from './answers/runs.js';
import { healthQuestion, nowQuestion, statusQuestion } from './answers/state.js';
import { usageQuestion } from './answers/usage.js';
import { type Parsers, parseParameters } from './parameters.js';

/** What the answers know besides the database. */
export interface Surroundings {
  readonly version: string;
  readonly database: string;
  /** Of all plans that were ever paid for. */
  readonly subscriptions: readonly Subscription[];
  /** An IANA name; undefined is the system's. A query's own wins. */
  readonly timeZone: string | undefined;
  readonly unit: CostUnit;
  /** The folders of pending records; undefined when they are not considered. */
  readonly pending?: PendingPlaces | undefined;
  now(): number;
}

/** What a provider is paid a month, whatever is used. */
export interface Subscription {
  readonly provider: string;
  readonly name: string;
  readonly usdPerMonth: number;
  /** A day, `YYYY-MM-DD`. */
  readonly since: string;
}

/** A path of the API, what can be asked there, and the answer. */
export interface Question<Values extends object> {
  readonly path: `/api/${string}`;
  readonly parameters: Parsers<Values>;
  answer(connection: Connection, values: Values, surroundings: Surroundings): object;
}

/** Gives the answer as JSON. Throws what parsing and reading throw. */
export type Answerer = <Values extends object>(question: Question<Values>, query: URLSearchParams) => string;

export const QUESTIONS = [
  statusQuestion,
  usageQuestion,
  breakdownQuestion,
  nowQuestion,
  runsQuestion,
  runQuestion,
  sessionsQuestion,
  sessionQuestion,
  whyQuestion,
  healthQuestion,
] as const;

/** How long an answer is reused while nothing is recorded. Figures of today change with time alone. */
const FRESH_MS = 5_000;
const MOST_ANSWERS = 200;

/** Answers from one state of the database at a time, and the same question once for however many ask it. */
export function createAnswerer(store: Store, surroundings: Surroundings): Answerer {
  const answers = new Map<string, { readonly version: number; readonly atMs: number; readonly body: string }>();
  return (question, query) => {
    const values = parseParameters(query, question.parameters);
    const key = `${question.path}?${query}`;
    const version = store.readVersion();
    const atMs = surroundings.now();
    const known = answers.get(key);
    if (known && known.version === version && Math.abs(atMs - known.atMs) < FRESH_MS) return known.body;
    const answer = readSnapshot(store, (connection) => question.answer(connection, values, surroundings));
    const body = JSON.stringify(answer);
    if (answers.size >= MOST_ANSWERS) answers.clear();
    answers.set(key, { version, atMs, body });
    return body;
  };
}
