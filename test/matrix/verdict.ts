import { readFileSync } from 'node:fs';
import { type RecordedInvocation, type RecordedResponse, recordOf } from '../harness/record.js';
import { countRequest } from '../harness/tokens.js';
import type { Workbench } from '../harness/workbench.js';
import { type LedgerEntry, type ReceivedRequest, sumLedger } from '../scripted-api/ledger.js';
import { listSessionFiles } from './session-files.js';
import type { Played, Way } from './way.js';

/** What a cell of the table says, and whether that is as good as this Codex allows. */
export interface Verdict {
  readonly text: string;
  readonly good: boolean;
}

export const NOT_IN_THIS_CODEX: Verdict = { text: 'not in this Codex', good: true };
/** How far an estimate may be from the count of the request that the API received. */
export const TOLERANCE = 0.1;

const ENDED_BY_BUDGET = 99;

/** Compares the records of what was played with the ledger: the same responses with the same counters and models. */
export function judge(bench: Workbench, runs: readonly Played[], way: Way): Verdict {
  if (runs.some(({ exitCode }) => exitCode === ENDED_BY_BUDGET)) return { text: 'ended by its budget', good: false };
  const records = runs.map((run) => recordOf(bench, run));
  if (!way.sharesAFile) {
    return summarise(
      runs.map(({ ledger }, index) => judgeRecords(bench, ledger, records.slice(index, index + 1), way)),
    );
  }
  const reported = new Set(runs.flatMap(({ ledger }) => ledger));
  return judgeRecords(bench, [...reported], records, way);
}

/** Whether this Codex did what the way asks for. A Codex that does not know an option ends with 2 and calls no model. */
export function isPlayed(bench: Workbench, runs: readonly Played[], { showsIn = () => true }: Way): boolean {
  if (runs.some(({ exitCode, ledger }) => exitCode === 2 && ledger.length === 0)) return false;
  return showsIn(bench.api.requests);
}

function judgeRecords(
  bench: Workbench,
  ledger: readonly LedgerEntry[],
  records: readonly RecordedInvocation[],
  way: Way,
): Verdict {
  const responses = records.flatMap((record) => record.responses);
  const others = bench.api.ledger.filter(({ sequence }) => !ledger.some((own) => own.sequence === sequence));
  const named = new Set([...records, ...responses].map(({ threadId }) => threadId));
  for (const { threadId: own } of ledger) named.delete(own ?? '');
  // A review's own thread asks the API nothing: it may be in no ledger.
  const strange = responses.length > 0 && others.find((entry) => named.has(entry.threadId ?? ''));
  if (strange) return { text: `thread ${strange.threadId} is another run's`, good: false };
  const disagreement = records.flatMap(({ notes }) => notes).find(({ kind }) => kind === 'disagreement');
  // Where two wrote one file, what Codex said of its run and what stands in the file do differ.
  if (disagreement && !way.sharesAFile) return { text: `a disagreement: ${disagreement.reason}`, good: false };
  return compare(bench, ledger, responses, way);
}

/** Compares recorded responses with what the API reported. */
export function compare(
  { api, codexHome }: Workbench,
  ledger: readonly LedgerEntry[],
  responses: readonly RecordedResponse[],
  { judgesTier, sharesAFile }: Way,
): Verdict {
  const counted = responses.filter(({ source }) => source === 'actual');
  const left = withoutCounted(ledger, counted);
  if (left && left.length === 0 && counted.length === responses.length) {
    return (judgesTier && judgeTiers(api.requests, ledger, responses)) || { text: 'exact', good: true };
  }
  const estimated = responses.filter(({ source }) => source === 'estimated');
  if (left && left.length === estimated.length && counted.length + estimated.length === responses.length) {
    return judgeEstimate(api.requests, left, estimated, counted.length);
  }
  const known = left ?? withoutCounted(withoutCacheWrites(ledger), counted);
  if (known?.length === 0 && !countsCacheWrites(codexHome)) return { text: 'exact but for cache writes', good: true };
  const error = percent(deviation(sum(responses), sumLedger(ledger).input));
  const doubtful = responses.filter(({ source }) => source === 'parsed');
  if (sharesAFile && left && doubtful.length > 0) {
    return { text: `${counted.length} exact, ${doubtful.length} doubtful (input ${error})`, good: true };
  }
  return { text: `${responses.length} of ${ledger.length} responses, ${error}`, good: false };
}

/** One verdict for several: the worst, and how many there are of it where they differ. */
export function summarise(verdicts: readonly Verdict[]): Verdict {
  const worst = verdicts.find(({ good }) => !good) ?? verdicts[0] ?? NOT_IN_THIS_CODEX;
  const bad = verdicts.filter(({ good }) => !good).length;
  if (bad === 0 || verdicts.length === 1) return worst;
  return { text: `${bad} of ${verdicts.length} times: ${worst.text}`, good: false };
}

/**
 * The entries that no counted response equals, of the same thread where its requests name one; undefined when
 * one of the responses is in no entry.
 */
export function withoutCounted(
  ledger: readonly LedgerEntry[],
  counted: readonly RecordedResponse[],
): LedgerEntry[] | undefined {
  const left = [...ledger];
  for (const response of counted) {
    const index = left.findIndex(
      ({ threadId = response.threadId, model, usage }) =>
        usage && threadId === response.threadId && describe({ model, ...usage }) === describe(response),
    );
    if (index === -1) return undefined;
    left.splice(index, 1);
  }
  return left;
}

type Counters = Pick<RecordedResponse, 'model' | 'input' | 'cached' | 'cacheWrite' | 'output' | 'reasoning'>;

function describe({ model, input, cached, cacheWrite, output, reasoning }: Counters): string {
  return [model, input, cached, cacheWrite, output, reasoning].join(' ');
}

/** A verdict where a response's tier is not the one that its request asked for; the responses are known to be right. */
function judgeTiers(
  requests: readonly ReceivedRequest[],
  ledger: readonly LedgerEntry[],
  responses: readonly RecordedResponse[],
): Verdict | undefined {
  const asked = ledger.map(({ request, usage }) => `${usage?.input} ${tierOf(requests[request]?.body.service_tier)}`);
  const told = responses.map(({ input, serviceTier }) => `${input} ${tierOf(serviceTier)}`);
  for (const one of told) {
    const index = asked.indexOf(one);
    if (index !== -1) asked.splice(index, 1);
  }
  return asked.length === 0 ? undefined : { text: `${asked.length} of ${ledger.length} tiers wrong`, good: false };
}

function tierOf(tier: unknown): string {
  return typeof tier === 'string' && tier !== 'default' && tier !== 'auto' ? tier : 'standard';
}

/** Returns the ledger as a Codex without a counter for cache writes records it. */
function withoutCacheWrites(ledger: readonly LedgerEntry[]): LedgerEntry[] {
  return ledger.map((entry) => ({ ...entry, usage: entry.usage && { ...entry.usage, cacheWrite: 0 } }));
}

function countsCacheWrites(codexHome: string): boolean {
  return listSessionFiles([codexHome]).some((path) => readFileSync(path, 'utf8').includes('cache_write_input_tokens'));
}

/** What the scripted API reports is made up, so an estimate is held against the tokens of the requests themselves. */
function judgeEstimate(
  requests: readonly ReceivedRequest[],
  left: readonly LedgerEntry[],
  estimated: readonly RecordedResponse[],
  exact: number,
): Verdict {
  const truth = left.reduce((tokens, { request }) => tokens + countRequest(requests[request] as ReceivedRequest), 0);
  const error = deviation(sum(estimated), truth);
  const text = `${exact} exact, ${estimated.length} estimated (input ${percent(error)})`;
  return { text, good: Math.abs(error) <= TOLERANCE };
}

function sum(responses: readonly RecordedResponse[]): number {
  return responses.reduce((total, { input }) => total + input, 0);
}

export function deviation(found: number, truth: number): number {
  return truth === found ? 0 : (found - truth) / truth;
}

export function percent(share: number): string {
  const text = (share * 100).toFixed(1);
  if (/^-?0\.0$/.test(text)) return '0.0 %';
  return `${share > 0 ? '+' : ''}${text.replace('-', '−')} %`;
}
