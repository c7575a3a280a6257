import { Pricer } from '../../src/pricing/pricer.js';
import { createPriceBook } from '../../src/pricing/prices.js';
import { bucketStartOf } from '../../src/store/bucket-tally.js';
import { refreshBuckets } from '../../src/store/buckets.js';
import { upsertResponse } from '../../src/store/responses.js';
import { openStore } from '../../src/store/store.js';
import type { ModelResponse } from '../../src/usage/record.js';

export interface Months {
  /** The last day with usage ends here, epoch milliseconds. */
  readonly untilMs: number;
  readonly days: number;
  readonly sessionsPerDay: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const PROJECTS = ['shop', 'bank-gateway', 'infra', 'docs-site'];
const MODELS = ['gpt-5.3-codex', 'gpt-5.6-sol', 'gpt-6.1-sol', 'gpt-6-luna', 'claude-sonnet-4-5', 'claude-opus-4-5'];

/** Fills the database at `path` with what a busy developer used: Codex and Claude Code, metered and read from history. */
export function seedMonths(path: string, { untilMs, days, sessionsPerDay }: Months): void {
  const random = createRandom(42);
  // The meter of a run that has just ended may still be closing the database.
  const store = openStore(path, { mode: 'write', busyTimeoutMs: 5000 });
  const pricer = new Pricer(createPriceBook());
  const addThread = store.connection.prepare(
    `INSERT OR IGNORE INTO threads (id, provider, root_id, project_id, kind, cwd, cli_version, started_at_ms)
     VALUES (?, ?, ?, ?, 'main', ?, '0.169.0', ?)`,
  );
  const starts = new Set<number>();
  // By chance alone there would be none of some kind in the months before some day.
  let hasOdd = false;
  store.connection.transaction(() => {
    for (let day = days - 1; day >= 0; day--) {
      const midnight = untilMs - (day + 1) * DAY_MS;
      const weekend = [0, 6].includes(new Date(midnight).getUTCDay());
      const sessions = weekend && random() < 0.6 ? 0 : Math.round(random() * sessionsPerDay * (weekend ? 0.5 : 2));
      for (let session = 0; session < sessions; session++) {
        const id = `019a${day.toString(16).padStart(4, '0')}-${session.toString(16).padStart(4, '0')}-7000-8000-000000000001`;
        const model = pick(MODELS, random() ** 1.6);
        const provider = model.startsWith('claude') ? 'claude' : 'codex';
        const project = pick(PROJECTS, random() ** 2);
        const startedAtMs = midnight + Math.floor((8 + random() * 11) * HOUR_MS);
        addThread.run(id, provider, id, project, `/home/ada/${project}`, startedAtMs);
        const isOdd = !hasOdd && provider === 'codex';
        hasOdd ||= isOdd;
        for (const response of sampleSession({ id, model, provider, startedAtMs, random, isOdd })) {
          upsertResponse(store.connection, null, pricer.price(response).response);
          starts.add(bucketStartOf(response.completedAtMs));
        }
      }
    }
    refreshBuckets(store.connection, starts);
  })();
  store.close();
}

interface SessionShape {
  readonly id: string;
  readonly model: string;
  readonly provider: 'codex' | 'claude';
  readonly startedAtMs: number;
  readonly random: () => number;
  /** Whether one response is of a model without a price, another is estimated, and another is known from Codex's output alone. */
  readonly isOdd: boolean;
}

function sampleSession({ id, model, provider, startedAtMs, random, isOdd }: SessionShape): ModelResponse[] {
  const count = 3 + Math.floor(random() ** 2 * 40);
  let context = 12_000;
  return Array.from({ length: count }, (_, index) => {
    const cachedInput = index === 0 ? 0 : Math.floor(context * 0.94);
    context = Math.min(context + Math.floor(500 + random() * 7000), 240_000);
    const output = Math.floor(80 + random() ** 3 * 3000);
    const guess = random() < 0.004 || (isOdd && index === 2);
    return {
      provider,
      threadId: id,
      key: `resp_${id}_${index}`,
      turnId: 'turn-1',
      rootTurnId: 'turn-1',
      model: random() < 0.002 || (isOdd && index === 1) ? 'gpt-7-preview' : model,
      serviceTier: undefined,
      usage: {
        ...{ input: context, cachedInput, cacheWrite: provider === 'claude' ? context - cachedInput : 0 },
        ...{ output, reasoning: provider === 'claude' ? 0 : Math.floor(output * random()) },
      },
      evidence: guess ? 'tokenizer' : isOdd && index === 0 ? 'turn_completed' : 'usage_record',
      source: guess ? 'estimated' : 'actual',
      completedAtMs: startedAtMs + index * 40_000,
    };
  });
}

function pick<Item>(items: readonly Item[], share: number): Item {
  return items[Math.min(items.length - 1, Math.floor(share * items.length))] as Item;
}

/** Numbers from 0 to 1 that are the same every time. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
