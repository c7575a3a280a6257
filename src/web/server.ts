import type { Server } from 'node:http';
import { createAdaptorServer } from '@hono/node-server';
import { measure } from '../metrics/measure.js';
import { toPrometheus } from '../metrics/prometheus.js';
import type { Store } from '../store/store.js';
import { createAnswerer, type Surroundings } from './answers.js';
import { createApp } from './app.js';
import { watchChanges } from './events.js';
import { PAGE_FOLDER, readPage } from './files.js';
import { listen, type PortWish } from './listen.js';
import type { PastSessions, Progress } from './progress.js';

export interface DashboardOptions {
  readonly store: Store;
  readonly history: Progress;
  readonly pastSessions: PastSessions;
  readonly surroundings: Surroundings;
  readonly port: PortWish;
  readonly onFault: (error: unknown) => void;
  /** Where the built page lies. */
  readonly pageFolder?: string;
}

export interface Dashboard {
  readonly url: string;
  readonly port: number;
  /** Ports that were wanted first and are taken. */
  readonly taken: readonly number[];
  /** Ends open connections too. */
  close(): Promise<void>;
}

const KEEP_ALIVE_MS = 120_000;

/** Serves the dashboard of `store` on loopback. Throws a PortError when there is no port for it. */
export async function startDashboard(options: DashboardOptions): Promise<Dashboard> {
  const { store, history, pastSessions, surroundings, onFault } = options;
  const changes = watchChanges(() => store.readVersion());
  let port = 0;
  const app = createApp({
    port: () => port,
    page: readPage(options.pageFolder ?? PAGE_FOLDER),
    answer: createAnswerer(store, surroundings),
    metrics: () => {
      history.noteReader();
      return toPrometheus(measure(store, { nowMs: surroundings.now(), version: surroundings.version }));
    },
    changes,
    history,
    pastSessions,
    onFault,
  });
  const server = createAdaptorServer({ fetch: app.fetch, overrideGlobalObjects: false }) as Server;
  // Who asks is on this machine: a connection costs little, and one that is closed while it is asked again costs an answer.
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  const { port: bound, taken } = await listen(server, options.port);
  port = bound;
  return {
    url: `http://127.0.0.1:${port}/`,
    port,
    taken,
    close: () => {
      changes.close();
      return new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      });
    },
  };
}
