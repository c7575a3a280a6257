import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type RecordedResponse, recordOf } from '../harness/record.js';
import { countRequest } from '../harness/tokens.js';
import type { Ended, Workbench } from '../harness/workbench.js';
import { type LedgerEntry, type ReceivedRequest, sumLedger } from '../scripted-api/ledger.js';
import type { Way } from './scenarios.js';

/** What a cell of the table says, and whether that is as good as this Codex allows. */
export interface Verdict {
  readonly text: string;
  readonly good: boolean;
}

const NOT_IN_THIS_CODEX: Verdict = { text: 'not in this Codex', good: true };
/** How far an estimate may be from the count of the request that the API received. */
export const TOLERANCE = 0.1;

/** Compares the record of a run with the ledger: the same responses with the same counters and the same models. */
export function judge(bench: Workbench, run: Ended, { showsIn = () => true }: Way): Verdict {
  // A Codex that does not know the subcommand or the option ends with 2 and calls no model.
  if (run.exitCode === 2 && run.ledger.length === 0) return NOT_IN_THIS_CODEX;
  if (!showsIn(bench.api.requests)) return NOT_IN_THIS_CODEX;
  const { responses, threadId, notes } = recordOf(bench, run);
  const others = bench.api.ledger.filter(({ sequence }) => !run.ledger.some((own) => own.sequence === sequence));
  const named = new Set([threadId, ...responses.map((response) => response.threadId)]);
  for (const { threadId: own } of run.ledger) named.delete(own ?? '');
  // A review's own thread asks the API nothing: it may be in no ledger.
  const strange = others.find((entry) => named.has(entry.threadId ?? ''));
  if (strange) return { text: `thread ${strange.threadId} is another run's`, good: false };
  const disagreement = notes.find(({ kind }) => kind === 'disagreement');
  if (disagreement) return { text: `a disagreement: ${disagreement.reason}`, good: false };
  const counted = responses.filter(({ source }) => source === 'actual');
  const left = withoutCounted(run.ledger, counted);
  if (left && left.length === 0 && counted.length === responses.length) return { text: 'exact', good: true };
  const estimated = responses.filter(({ source }) => source === 'estimated');
  if (left && left.length === estimated.length && counted.length + estimated.length === responses.length) {
    return judgeEstimate(bench.api.requests, left, estimated, counted.length);
  }
  const known = left ?? withoutCounted(withoutCacheWrites(run.ledger), counted);
  if (known?.length === 0 && !countsCacheWrites(bench)) return { text: 'exact but for cache writes', good: true };
  const error = deviation(sum(responses), sumLedger(run.ledger).input);
  return { text: `${responses.length} of ${run.ledger.length} responses, ${percent(error)}`, good: false };
}

/** One verdict for several: the worst, and how many there are of it where they differ. */
export function summarise(verdicts: readonly Verdict[]): Verdict {
  const worst = verdicts.find(({ good }) => !good) ?? verdicts[0] ?? NOT_IN_THIS_CODEX;
  const bad = verdicts.filter(({ good }) => !good).length;
  if (bad === 0 || verdicts.length === 1) return worst;
  return { text: `${bad} of ${verdicts.length} times: ${worst.text}`, good: false };
}

/** The entries that no counted response equals; undefined when one of the responses is in no entry. */
function withoutCounted(
  ledger: readonly LedgerEntry[],
  counted: readonly RecordedResponse[],
): LedgerEntry[] | undefined {
  const left = [...ledger];
  for (const response of counted) {
    const index = left.findIndex(({ model, usage }) => usage && describe({ model, ...usage }) === describe(response));
    if (index === -1) return undefined;
    left.splice(index, 1);
  }
  return left;
}

type Counters = Pick<RecordedResponse, 'model' | 'input' | 'cached' | 'cacheWrite' | 'output' | 'reasoning'>;

function describe({ model, input, cached, cacheWrite, output, reasoning }: Counters): string {
  return [model, input, cached, cacheWrite, output, reasoning].join(' ');
}

/** The ledger as a Codex without a counter for cache writes can tell it. */
function withoutCacheWrites(ledger: readonly LedgerEntry[]): LedgerEntry[] {
  return ledger.map((entry) => ({ ...entry, usage: entry.usage && { ...entry.usage, cacheWrite: 0 } }));
}

function countsCacheWrites({ codexHome }: Workbench): boolean {
  const folder = join(codexHome, 'sessions');
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.jsonl'));
  return files.some((path) => readFileSync(join(folder, path), 'utf8').includes('cache_write_input_tokens'));
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
  return `${share > 0 ? '+' : ''}${text === '-0.0' ? '0.0' : text.replace('-', '−')} %`;
}
