import { bucketStartOf } from './bucket-tally.js';
import { PACKED_COUNTS } from './counter-columns.js';
import type { CreditClassSum } from './credit-queries.js';
import type { Connection } from './open.js';
import type { OffsetChange, SumFilter, SumKeys } from './period-queries.js';
import { between, conditionsOf, readColumn } from './sql.js';
import { isTaggedThread, selectThreadTag } from './tags.js';

/** The keys of packed responses. They have no invocation, and so no phase. */
type PackKeys = Omit<SumKeys, 'phase'>;
type Sum = PackKeys & { -readonly [Name in keyof CreditClassSum]: CreditClassSum[Name] };

const DAY_MS = 86_400_000;

interface PackRow extends Pick<SumKeys, 'projectId' | 'tag'> {
  readonly kinds: string;
  readonly counts: string;
}

type KindRow = [model: string, serviceTier: string | null, evidence: string, source: SumKeys['source']];
/** A row of `response_packs.counts`. */
type CountRow = [key: string, turn: number, kind: number, completedAtMs: number, ...number[]];
const [INPUT, CACHED_INPUT, OUTPUT] = ['input_tokens', 'cached_input_tokens', 'output_tokens'].map((column) => {
  return PACKED_COUNTS.indexOf(column);
}) as [number, number, number];

/**
 * Reads for packed responses what `readCreditSums` reads for rows. SQLite could open the packs too, but takes ten times as long.
 */
export function readPackedCreditSums(
  connection: Connection,
  filter: SumFilter & { readonly longAbove: number },
  offsets: readonly OffsetChange[],
): readonly (PackKeys & CreditClassSum)[] {
  const ids = readColumn<number>(connection, selectPacks(filter), filter);
  const open = connection.prepare<[object], PackRow>(selectPack(filter.tagKey));
  const isMeant = createModelTest(connection, filter.model);
  const tally = new Tally(offsets, filter.longAbove);
  const { fromMs = Number.NEGATIVE_INFINITY, untilMs = Number.POSITIVE_INFINITY } = filter;
  for (const id of ids) {
    const { kinds, counts, ...of } = open.get({ id, tagKey: filter.tagKey, here: filter.here ?? null }) as PackRow;
    const kindList = (JSON.parse(kinds) as KindRow[]).map((kind) => (isMeant(kind[0]) ? kind : undefined));
    for (const row of JSON.parse(counts) as CountRow[]) {
      const kind = kindList[row[2]];
      if (kind && fromMs <= row[3] && row[3] < untilMs) tally.add(of, kind, row);
    }
  }
  return tally.list();
}

type PackOf = Pick<PackRow, 'projectId' | 'tag'>;

/** Sums up responses, most of which are of the same quarter of an hour and kind as the one before. */
class Tally {
  readonly #sums = new Map<string, Sum>();
  readonly #offsets: readonly OffsetChange[];
  readonly #longAbove: number;
  #last: { readonly kind: KindRow; readonly sum: Sum } | undefined;

  constructor(offsets: readonly OffsetChange[], longAbove: number) {
    this.#offsets = offsets;
    this.#longAbove = longAbove;
  }

  add(of: PackOf, kind: KindRow, row: CountRow): void {
    const input = row[INPUT] as number;
    const sum = this.#find(of, kind, row[3], input > this.#longAbove ? 1 : 0);
    sum.responses++;
    sum.input += input;
    sum.cachedInput += Math.min(row[CACHED_INPUT] as number, input);
    sum.output += row[OUTPUT] as number;
  }

  list(): readonly Sum[] {
    return [...this.#sums.values()];
  }

  #find({ projectId, tag }: PackOf, kind: KindRow, atMs: number, isLong: 0 | 1): Sum {
    const startMs = bucketStartOf(atMs);
    const last = this.#last;
    if (last?.kind === kind && last.sum.startMs === startMs && last.sum.isLong === isLong) return last.sum;
    const [model, serviceTier, , source] = kind;
    const key = JSON.stringify([projectId, tag, model, serviceTier, source, startMs, isLong]);
    const sum = this.#sums.get(key) ?? {
      ...{ provider: 'codex', projectId, tag, model, source, startMs, day: this.#dayOf(startMs) },
      ...{ ofModel: model, serviceTier, utcDay: Math.floor(startMs / DAY_MS), isLong },
      ...{ responses: 0, input: 0, cachedInput: 0, output: 0 },
    };
    this.#sums.set(key, sum);
    this.#last = { kind, sum };
    return sum;
  }

  #dayOf(startMs: number): number {
    const change = this.#offsets.findLast(({ fromMs }) => fromMs <= startMs) ?? this.#offsets[0];
    return Math.floor((startMs + (change?.offsetMs ?? 0)) / DAY_MS);
  }
}

/** Whether a model is one that was asked for, by the rule of all other reports. */
function createModelTest(connection: Connection, pattern: string | undefined): (model: string) => boolean {
  if (pattern === undefined) return () => true;
  const test = connection.prepare<[object], 0 | 1>('SELECT @model = @pattern OR @model GLOB @pattern').pluck();
  const known = new Map<string, boolean>();
  return (model) => {
    const isMeant = known.get(model) ?? test.get({ model, pattern }) === 1;
    known.set(model, isMeant);
    return isMeant;
  };
}

function selectPacks(filter: SumFilter): string {
  const conditions = conditionsOf(filter, {
    ...between('p.last_completed_at_ms', 'p.first_completed_at_ms'),
    projectId: `${PROJECT} = @projectId`,
    tags: isTaggedThread('p.thread_id'),
  });
  return `SELECT p.id FROM ${PACKS} WHERE p.provider = 'codex' AND ${conditions} ORDER BY p.id`;
}

function selectPack(tagKey: string | undefined): string {
  const tag = tagKey === undefined ? 'NULL' : selectThreadTag(tagKey, 'p.thread_id');
  return `SELECT ${PROJECT} AS projectId, ${tag} AS tag, p.kinds, p.counts FROM ${PACKS} WHERE p.id = @id`;
}

const PACKS = 'response_packs p LEFT JOIN threads t ON t.id = p.thread_id';
const PROJECT = "coalesce(t.project_id, 'unknown')";
