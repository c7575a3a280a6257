import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { openStore } from '../../src/store/store.js';
import { createProgress, type ProgressReport } from '../../src/web/progress.js';
import { type Dashboard, type DashboardOptions, startDashboard } from '../../src/web/server.js';

const PAGE_FOLDER = fileURLToPath(new URL('../../dist/page', import.meta.url));

export interface ServedDashboard extends Dashboard {
  readonly history: ProgressReport;
  /** What was reported as a fault of the server. */
  readonly faults: readonly unknown[];
  ask(path: string, init?: RequestInit): Promise<{ status: number; body: Answered; headers: Headers }>;
}

export type Answered = Record<string, unknown> & {
  readonly error?: { readonly kind: string; readonly message: string };
};

type Surroundings = DashboardOptions['surroundings'];

export interface Served extends Partial<Pick<Surroundings, 'subscriptions' | 'unit' | 'pending'>> {
  readonly database: string;
  readonly port?: DashboardOptions['port'];
  readonly busyTimeoutMs?: number;
  readonly pastSessions?: DashboardOptions['pastSessions'];
}

/** Serves the dashboard of `database` for the running test, at a port of its own. */
export async function serveDashboard({
  database,
  port,
  subscriptions = [],
  unit = 'usd',
  busyTimeoutMs = 5000,
  pastSessions = { count: async () => [], import: () => undefined },
  pending,
}: Served): Promise<ServedDashboard> {
  const store = openStore(database, { mode: 'write', busyTimeoutMs });
  onTestFinished(() => store.close());
  const history = createProgress();
  const faults: unknown[] = [];
  const dashboard = await startDashboard({
    store,
    history,
    pastSessions,
    surroundings: { version: '0.0.0', database, subscriptions, timeZone: undefined, unit, pending, now: Date.now },
    port: port ?? { port: 0, insist: 'exact' },
    pageFolder: PAGE_FOLDER,
    onFault: (error) => faults.push(error),
  });
  onTestFinished(() => dashboard.close());
  const ask: ServedDashboard['ask'] = async (path, init) => {
    const response = await fetch(new URL(path, dashboard.url), init);
    return { status: response.status, headers: response.headers, body: (await response.json()) as Answered };
  };
  return { ...dashboard, history, faults, ask };
}
