import { readdirSync, readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createAdaptorServer } from '@hono/node-server';
import { measure } from '../metrics/measure.js';
import { toPrometheus } from '../metrics/prometheus.js';
import type { Store } from '../store/store.js';
import { createAnswerer, type Surroundings } from './answers.js';
import { createApp, type PageFile } from './app.js';
import { watchChanges } from './events.js';
import { listen, type PortWish } from './listen.js';
import type { PastSessions, Progress } from './progress.js';

export interface DashboardOptions {
  readonly store: Store;
  readonly history: Progress;
  readonly pastSessions: PastSessions;
  readonly surroundings: Surroundings;
  readonly port: PortWish;
  readonly onFault: (error: unknown) => void;
  /** The folder of the built page. */
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
/** Where the build puts the page: beside the code that reads it. */
const PAGE_FOLDER = fileURLToPath(new URL('./page', import.meta.url));
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

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

/**
 * Returns the files of the page by their names. They are read once, so that no later request reaches the file system. Throws
 * when `folder` does not exist.
 */
function readPage(folder: string): ReadonlyMap<string, PageFile> {
  const files = readdirSync(folder).flatMap((name): [string, PageFile][] => {
    const type = TYPES[extname(name)];
    return type === undefined ? [] : [[name, { body: new Uint8Array(readFileSync(join(folder, name))), type }]];
  });
  return new Map(files);
}
