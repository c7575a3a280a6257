import { CACHE_WRITE_1H, COUNTERS } from '../usage/counters.js';
import type { Provider } from '../usage/provider.js';
import type { ModelResponse } from '../usage/record.js';
import type { Evidence, Source } from '../usage/source.js';
import { completeUsage, type Usage } from '../usage/usage.js';
import { type BucketSum, BucketTally } from './bucket-tally.js';
import { PACKED_COUNTS } from './counter-columns.js';
import type { Bill, BilledResponse } from './history-responses.js';
import { JsonRows, type Numbers } from './json-rows.js';
import { Kind, TurnList } from './pack-lists.js';
import { createPriceEncoder, type PriceEncoder } from './response-rows.js';

/** Responses of one thread, in the columns of `response_packs`, and their sums by bucket. */
export interface Pack {
  readonly provider: Provider;
  readonly threadId: string;
  readonly responses: number;
  readonly firstMs: number;
  readonly lastMs: number;
  readonly turns: string;
  readonly kinds: string;
  /** As UTF-8: it is long, and need not become text here. */
  readonly counts: Uint8Array;
  readonly sums: readonly BucketSum[];
}

/** Packs responses one after the other, and holds nothing of them but what will be written. */
export class Packer {
  readonly #packs: Pack[] = [];
  readonly #rows = new JsonRows();
  readonly #toJson = createPriceEncoder();
  #open: OpenPack | undefined;
  #size = 0;

  /** How many responses were added since the last `take`. */
  get size(): number {
    return this.#size;
  }

  add(response: ModelResponse, bill: Bill): void {
    if (this.#open?.threadId !== response.threadId) {
      if (this.#open) this.#packs.push(this.#open.close());
      this.#open = new OpenPack(response, this.#rows, this.#toJson);
    }
    this.#open.add(response, bill);
    this.#size++;
  }

  /** Returns what was added since the last call: mostly one pack, because mostly it is of one thread. */
  take(): Pack[] {
    const open = this.#open ? [this.#open.close()] : [];
    this.#open = undefined;
    this.#size = 0;
    return [...this.#packs.splice(0), ...open];
  }
}

/** A pack that responses are added to. Turns and kinds, which responses have in common, are written once. The view `packed_responses` shows the format. */
class OpenPack {
  readonly threadId: string;
  readonly #provider: Provider;
  readonly #rows: JsonRows;
  readonly #toJson: PriceEncoder;
  readonly #turns = new TurnList();
  readonly #kinds = new Map<string, Kind>();
  readonly #sums = new BucketTally();
  #turn = 0;
  #kind: Kind | undefined;
  #last: ModelResponse | undefined;
  #lastPrice: unknown;

  constructor({ threadId, provider = 'codex' }: ModelResponse, rows: JsonRows, toJson: PriceEncoder) {
    this.threadId = threadId;
    this.#rows = rows;
    this.#toJson = toJson;
    this.#provider = provider;
  }

  add(response: ModelResponse, bill: Bill): void {
    const { price } = bill;
    const last = this.#last;
    if (!last || !isOfSameTurn(last, response)) this.#turn = this.#turns.find(describeTurn(response));
    const isSameKind = last && this.#lastPrice === price && isOfSameKind(last, response);
    const kind = isSameKind && this.#kind ? this.#kind : this.#findKind(response, price);
    kind.add(response, bill);
    this.#sums.add(response, response.usage, bill);
    this.#last = response;
    this.#lastPrice = price;
    this.#kind = kind;
    this.#rows.add(response.key, listNumbers(response, this.#turn, kind.index, bill.costNanoUsd));
  }

  close(): Pack {
    const kinds = [...this.#kinds.values()];
    return {
      provider: this.#provider,
      threadId: this.threadId,
      responses: kinds.reduce((total, { sum }) => total + sum.responses, 0),
      firstMs: Math.min(...kinds.map(({ firstMs }) => firstMs)),
      lastMs: Math.max(...kinds.map(({ lastMs }) => lastMs)),
      turns: this.#turns.toJson(),
      kinds: `[${kinds.map((kind) => kind.toJson()).join(',')}]`,
      counts: this.#rows.take(),
      sums: this.#sums.list(),
    };
  }

  #findKind({ model, serviceTier, evidence, source }: ModelResponse, price: unknown): Kind {
    const rest = JSON.stringify([model, serviceTier ?? null, evidence, source]);
    const json = `${rest.slice(0, -1)},${this.#toJson(price)}]`;
    const kind = this.#kinds.get(json) ?? new Kind(this.#kinds.size, json);
    this.#kinds.set(json, kind);
    return kind;
  }
}

/** A pack as it is written, or as it is read from the database. */
export type SealedPack = Pick<Pack, 'provider' | 'threadId' | 'turns' | 'kinds'> & {
  readonly counts: Uint8Array | string;
};

type TurnRow = [turnId: string | null, rootTurnId: string | null];
type KindRow = [model: string, serviceTier: string | null, evidence: Evidence, source: Source, price: unknown];
/** As `PACKED_COUNTS` names it. What was added to that list later is missing from older packs. */
type CountRow = [key: string, turn: number, kind: number, completedAtMs: number, ...(number | null | undefined)[]];

function readCounts({ counts }: SealedPack): CountRow[] {
  return JSON.parse(typeof counts === 'string' ? counts : Buffer.from(counts).toString()) as CountRow[];
}

const indexOf = (column: string) => PACKED_COUNTS.indexOf(column);
const COST = indexOf('cost_nano_usd');
const CACHE_WRITE_1H_TOKENS = indexOf(CACHE_WRITE_1H.column);
const USAGE = COUNTERS.map(({ name, column }) => ({ name, index: indexOf(column) }));

function readUsage(row: CountRow): Usage {
  return completeUsage(Object.fromEntries(USAGE.map(({ name, index }) => [name, row[index]])));
}

function readCost(row: CountRow): number | undefined {
  return (row[COST] as number | null) ?? undefined;
}

/** The responses of a pack, one by one. */
export function openPack(pack: SealedPack): BilledResponse[] {
  const { provider, threadId } = pack;
  const turns = JSON.parse(pack.turns) as TurnRow[];
  const kinds = JSON.parse(pack.kinds) as KindRow[];
  return readCounts(pack).map((row) => {
    const [key, turn, kind, completedAtMs] = row;
    const [turnId, rootTurnId] = turns[turn] as TurnRow;
    const [model, serviceTier, evidence, source, price] = kinds[kind] as KindRow;
    const usage = readUsage(row);
    const cacheWrite1h = Number(row[CACHE_WRITE_1H_TOKENS] ?? 0);
    const ids = { provider, threadId, key, turnId: turnId ?? undefined, rootTurnId: rootTurnId ?? undefined };
    const rest = { model, serviceTier: serviceTier ?? undefined, usage, cacheWrite1h, evidence, source, completedAtMs };
    return {
      response: { ...ids, ...rest },
      bill: { costNanoUsd: readCost(row), price: price ?? undefined },
    };
  });
}

/** What a pack has in each bucket. */
export function sumPack(pack: SealedPack): readonly BucketSum[] {
  const tally = new BucketTally();
  const kinds = JSON.parse(pack.kinds) as KindRow[];
  for (const row of readCounts(pack)) {
    const [, , kind, completedAtMs] = row;
    const [model, , , source] = kinds[kind] as KindRow;
    tally.add({ provider: pack.provider, model, source, completedAtMs }, readUsage(row), {
      costNanoUsd: readCost(row),
    });
  }
  return tally.list();
}

/** The responses of a pack whose keys are not among `known`, as one pack or none. */
export function repack(pack: Pack, known: ReadonlySet<string>): Pack[] {
  const packer = new Packer();
  for (const { response, bill } of openPack(pack)) if (!known.has(response.key)) packer.add(response, bill);
  return packer.size === pack.responses ? [pack] : packer.take();
}

/** What follows the key in a row of a pack, in the order of `PACKED_COUNTS`. It names the counters, as usage.ts does. */
function listNumbers(response: ModelResponse, turn: number, kind: number, costNanoUsd: number | undefined): Numbers {
  const { completedAtMs, usage, cacheWrite1h = 0 } = response;
  const { input, cachedInput, cacheWrite, output, reasoning } = usage;
  return [turn, kind, completedAtMs, input, cachedInput, cacheWrite, cacheWrite1h, output, reasoning, costNanoUsd];
}

function isOfSameTurn(a: ModelResponse, b: ModelResponse): boolean {
  return a.turnId === b.turnId && a.rootTurnId === b.rootTurnId;
}

function isOfSameKind(a: ModelResponse, b: ModelResponse): boolean {
  const isSame = a.model === b.model && a.serviceTier === b.serviceTier;
  return isSame && a.evidence === b.evidence && a.source === b.source;
}

function describeTurn({ turnId, rootTurnId }: ModelResponse): string {
  return JSON.stringify([turnId ?? null, rootTurnId ?? null]);
}
