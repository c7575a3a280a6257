import { type Context, Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { StoreError } from '../errors.js';
import { PROMETHEUS_TYPE } from '../metrics/prometheus.js';
import { ReportError } from '../report/error.js';
import { type Answerer, QUESTIONS } from './answers.js';
import { type Changes, streamEvents } from './events.js';
import { protectPage, refuseForeigners, requireOwnPage } from './guard.js';
import { ParameterError } from './parameters.js';
import type { PastSessions, Progress } from './progress.js';

/** A file of the page, and its media type. */
export interface PageFile {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly type: string;
}

export interface AppOptions {
  readonly port: () => number;
  readonly page: ReadonlyMap<string, PageFile>;
  readonly answer: Answerer;
  /** The sums of the record in Prometheus' text format. */
  readonly metrics: () => string;
  readonly changes: Changes;
  readonly history: Progress;
  readonly pastSessions: PastSessions;
  /** Called with every unexpected error. */
  readonly onFault: (error: unknown) => void;
}

/** Addresses of the page's views: each gives the page, which shows what its address says. */
const VIEWS = ['/', '/runs', '/run', '/compare', '/sessions', '/session', '/health'];

export function createApp({ port, page, answer, metrics, changes, history, pastSessions, onFault }: AppOptions): Hono {
  const app = new Hono();
  app.use(protectPage, refuseForeigners(port));
  app.post('/api/import', requireOwnPage, (context) => {
    if (history.state().state !== 'reading') pastSessions.import();
    return context.json({ schemaVersion: 1, kind: 'import' }, 202, { 'cache-control': 'no-store' });
  });
  app.on(['POST', 'PUT', 'PATCH', 'DELETE'], '*', (context) => {
    context.header('allow', 'GET, HEAD');
    return explain(context, 405, 'method', 'This server only shows: it answers to GET and HEAD.');
  });
  app.get('/api/past-sessions', async (context) => {
    const files = await pastSessions.count();
    return context.json({ schemaVersion: 1, kind: 'past-sessions', files }, 200, { 'cache-control': 'no-store' });
  });

  for (const question of QUESTIONS) {
    app.get(question.path, (context) => {
      const body = answer(question, new URL(context.req.url).searchParams);
      return context.body(body, 200, { 'content-type': 'application/json', 'cache-control': 'no-store' });
    });
  }
  app.get('/api/events', (context) => streamEvents(context, { changes, history }));
  app.get('/api/*', (context) => {
    const known = [...QUESTIONS.map(({ path }) => path), '/api/past-sessions', '/api/events'].join(', ');
    return explain(context, 404, 'unknown', `There is no ${context.req.path}. There is: ${known}.`);
  });

  // A scraper on this machine asks with a Host of loopback and without what browsers add, so the guard lets it in.
  app.get('/metrics', (context) => {
    return context.body(metrics(), 200, { 'content-type': PROMETHEUS_TYPE, 'cache-control': 'no-store' });
  });

  for (const view of VIEWS) app.get(view, (context) => sendFile(context, page.get('index.html')));
  app.get('/assets/:name', (context) => sendFile(context, page.get(context.req.param('name'))));
  app.notFound((context) => explain(context, 404, 'unknown', `There is no ${context.req.path}.`));

  app.onError((error, context) => {
    if (error instanceof ParameterError) return explain(context, 400, 'query', error.message);
    if (error instanceof ReportError) {
      return explain(context, error.kind === 'ambiguous' ? 409 : 404, error.kind, error.message);
    }
    if (error instanceof StoreError) return explain(context, 503, error.problem, error.message);
    if (error instanceof HTTPException) return explain(context, error.status, 'foreign', error.message);
    onFault(error);
    return explain(context, 500, 'fault', 'codex-usage could not answer this: that is a fault of its own.');
  });
  return app;
}

function explain(context: Context, status: ContentfulStatusCode, kind: string, message: string) {
  return context.json({ schemaVersion: 1, error: { kind, message } }, status, { 'cache-control': 'no-store' });
}

function sendFile(context: Context, file: PageFile | undefined) {
  if (!file) return context.notFound();
  return context.body(file.body, 200, { 'content-type': file.type, 'cache-control': 'no-cache' });
}
