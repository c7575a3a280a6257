import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import { describe, expect, it, onTestFinished } from 'vitest';
import { StoreError } from '../../src/errors.js';
import { ReportError } from '../../src/report/error.js';
import { keepPending } from '../../src/store/pending.js';
import { createApp } from '../../src/web/app.js';
import { PortError } from '../../src/web/listen.js';
import { createProgress } from '../../src/web/progress.js';
import { type Answered, type Served, serveDashboard } from '../harness/dashboard.js';
import { seedLoops } from '../harness/loops.js';
import { waitFor } from '../harness/wait.js';
import { createFolder, createStore, sampleInvocation, sampleResponse } from '../store/samples.js';

describe('the server of the dashboard', () => {
  it.each([
    ['another name', { host: 'evil.example' }],
    ['another port', { host: '127.0.0.1:1' }],
    ['another origin', { origin: 'http://evil.example' }],
    ['another origin of this machine', { origin: 'http://127.0.0.1:1' }],
    ['an origin that is hidden', { origin: 'null' }],
    ['the page of another site', { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }],
  ])('refuses who asks from %s', async (_what, headers) => {
    const { port } = await serve();
    for (const path of ['/', '/api/runs', '/api/events', '/assets/main.js']) {
      expect(await askRaw(port, path, headers)).toMatchObject({ status: 403 });
    }
  });

  it('answers its own page, under each name of this machine', async () => {
    const { port } = await serve();
    for (const name of ['127.0.0.1', 'localhost', '[::1]']) {
      const headers = { host: `${name}:${port}`, origin: `http://${name}:${port}`, 'sec-fetch-site': 'same-origin' };
      expect(await askRaw(port, '/api/runs', headers)).toMatchObject({ status: 200 });
    }
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' };
    expect(await askRaw(port, '/runs', link)).toMatchObject({ status: 200 });
  });

  it('lets a browser load nothing but its own files, and lets no other page read them', async () => {
    const { url } = await serve();
    const { headers } = await fetch(url);
    const policy = headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(headers.get('access-control-allow-origin')).toBeNull();
    expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
    expect(headers.get('x-content-type-options')).toBe('nosniff');
  });

  it.each([
    ['/api/usage?period=hourly', '"period" is one of daily, weekly, monthly, not "hourly".'],
    ['/api/usage?provider=nobody', '"provider" is one of all, codex, claude, openai, gemini, not "nobody".'],
    ['/api/usage?since=2026-02-30', '"since" is a day such as 2026-11-24, not "2026-02-30".'],
    ['/api/usage?since=2026-03-02&until=2026-03-01', '"since" is after "until"'],
    ['/api/usage?since=2026-03-02&last=3', '"since" and "last" both say where to begin'],
    ['/api/usage?last=0', '"last" is a whole number from 1 to 10000, not "0".'],
    ['/api/usage?last=1e3', '"last" is a whole number'],
    ['/api/usage?timezone=Mars/Base', '"timezone" is an IANA name'],
    ['/api/usage?perod=daily', 'There is no parameter "perod".'],
    ['/api/usage?last=1&last=2', '"last" is given more than once.'],
    ['/api/usage?project=', '"project" is empty.'],
    ['/api/run', '"id" is missing.'],
    ['/api/runs?last=100000', '"last" is a whole number from 1 to 1000'],
  ])('says what is wrong with %s', async (path, message) => {
    const { ask } = await serve();
    const { status, body } = await ask(path);
    expect(status).toBe(400);
    expect(body).toMatchObject({ schemaVersion: 1, error: { kind: 'query' } });
    expect(body.error?.message).toContain(message);
  });

  it('says what there is where nothing is', async () => {
    const { ask } = await serve();
    expect(await ask('/api/nothing')).toMatchObject({ status: 404, body: { error: { kind: 'unknown' } } });
    expect(await ask('/nothing')).toMatchObject({ status: 404 });
    expect(await ask('/assets/..%2f..%2fpackage.json')).toMatchObject({ status: 404 });
    expect(await ask('/api/run?id=nobody')).toMatchObject({ status: 404, body: { error: { kind: 'unknown' } } });
    expect((await ask('/api/run?id=nobody')).body.error?.message).toContain('There is no run nobody');
    expect(await ask('/api/usage?project=nobody')).toMatchObject({ status: 404 });
    const post = await ask('/api/runs', { method: 'POST' });
    expect(post).toMatchObject({ status: 405 });
    expect(post.headers.get('allow')).toBe('GET, HEAD');
  });

  it('gives Prometheus, which is no browser, the sums of the record, and nobody else', async () => {
    const { url, port, history } = await serve();
    const answer = await fetch(new URL('/metrics', url));
    expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await answer.text()).toContain(
      'codex_metered_input_tokens_total{provider="codex",project="shop",model="gpt-5.3-codex",source="actual"} 1000\n',
    );
    expect([history.isWatched(), history.isWatched()]).toEqual([true, false]);
    expect(await askRaw(port, '/metrics', { host: 'evil.example' })).toMatchObject({ status: 403 });
    expect(await askRaw(port, '/metrics', { origin: 'http://evil.example' })).toMatchObject({ status: 403 });
    expect(await fetch(new URL('/metrics', url), { method: 'POST' })).toMatchObject({ status: 405 });
  });

  it('tells who listens when something was recorded, once for each change', async () => {
    const { url, database } = await serve();
    const events = await listen(url);
    const store = createStore(database);
    store.record({ invocation: { id: 'a' }, responses: [sampleResponse('later')] });
    await waitFor('the change', () => events.text.includes('event: change'));
    expect(events.text.match(/event: change/g)).toHaveLength(1);
  });

  it('tells how far the import of past sessions is', async () => {
    const { url, history } = await serve();
    const events = await listen(url);
    history.report({ state: 'reading', filesDone: 3, filesTotal: 7 });
    await waitFor('the progress', () => events.text.includes('"filesDone":3,"filesTotal":7'));
  });

  it('starts an import for its own page alone, and says how many session files there are', async () => {
    let imports = 0;
    const files = [{ provider: 'codex', fileCount: 7 }] as const;
    const pastSessions = { count: async () => files, import: () => void imports++ };
    const { ask, url, history } = await serve({ pastSessions });
    expect((await ask('/api/past-sessions')).body).toMatchObject({ files });
    const startImport = async (headers: Record<string, string>) =>
      (await ask('/api/import', { method: 'POST', headers })).status;
    const { origin } = new URL(url);
    expect([await startImport({}), await startImport({ origin: 'http://evil.example' }), imports]).toEqual([
      403, 403, 0,
    ]);
    expect(await startImport({ origin })).toBe(202);
    history.report({ state: 'reading' });
    expect([await startImport({ origin }), imports]).toEqual([202, 1]);
  });

  it('calls an invocation pending, not killed, while its record lies beside the database', async () => {
    const database = `${createFolder()}/usage.db`;
    const pending = { pendingDirectory: `${createFolder()}/pending`, spareDirectory: `${createFolder()}/spare` };
    seedLoops(database, { nowMs: Date.now(), running: { pid: 2 ** 22 + 1, forMs: 200 } });
    const { ask } = await serveDashboard({ database, pending });
    const stateOf = async () => ((await ask('/api/now')).body.running as Answered[]).map(({ state }) => state);
    expect(await stateOf()).toEqual(['killed']);
    const invocation = sampleInvocation('nightly-43-3');
    keepPending(pending, { invocation, update: { status: 'completed', exitCode: 0 }, responses: [], notes: [] });
    const other = await serveDashboard({ database, pending });
    const [now] = (await other.ask('/api/now')).body.running as Answered[];
    expect(now).toMatchObject({ invocationId: 'nightly-43-3', state: 'pending' });
  });

  it('ends at once although somebody listens', async () => {
    const dashboard = await serve();
    const events = await listen(dashboard.url);
    await dashboard.close();
    await waitFor('the end of the stream', () => events.ended);
  });

  it.each([
    [new StoreError('locked', 'The database is locked: try again.'), 503, 'locked'],
    [new ReportError('ambiguous', 'The ids of several runs begin so.'), 409, 'ambiguous'],
  ])('says what the database says: %s', async (problem, status, kind) => {
    const { answer, faults } = await askBroken(problem);
    expect(answer.status).toBe(status);
    expect(await answer.json()).toEqual({ schemaVersion: 1, error: { kind, message: problem.message } });
    expect(faults).toEqual([]);
  });

  it('writes a fault of its own to its log, and does not show it', async () => {
    const { answer, faults } = await askBroken(new Error('secret'));
    expect(answer.status).toBe(500);
    expect(await answer.text()).not.toContain('secret');
    expect(faults).toEqual([new Error('secret')]);
  });

  it('answers thousands of requests at once, all alike', async () => {
    const { ask, faults } = await serve();
    const answers = await Promise.all(Array.from({ length: 2000 }, () => ask('/api/runs')));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]));
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(faults).toEqual([]);
  });

  it('takes the next port when one is taken, and says which; but not when it was asked for that one', async () => {
    const { port, database } = await serve();
    const next = await serveDashboard({ database, port: { port, insist: 'first' } });
    expect(next.taken[0]).toBe(port);
    expect(next.port).toBeGreaterThan(port);
    const asked = serveDashboard({ database, port: { port, insist: 'exact' } });
    await expect(asked).rejects.toThrow(PortError);
    await expect(asked).rejects.toThrow(`Port ${port} is taken by another program: choose another with --port`);
  });

  it('listens on one address of loopback alone', async () => {
    const { port } = await serve();
    await expect(askRaw(port, '/', {}, '127.0.0.2')).rejects.toThrow('ECONNREFUSED');
  });
});

/** Asks a server that cannot answer because of `problem`, and collects what it reports as its own faults. */
async function askBroken(problem: Error) {
  const faults: unknown[] = [];
  const app = createApp({
    port: () => 1,
    page: new Map(),
    answer: () => {
      throw problem;
    },
    metrics: () => '',
    changes: { subscribe: () => () => undefined, close: () => undefined },
    history: createProgress(),
    pastSessions: { count: async () => [], import: () => undefined },
    onFault: (fault) => faults.push(fault),
  });
  return { answer: await app.request('http://127.0.0.1:1/api/runs', { headers: { host: '127.0.0.1:1' } }), faults };
}

/** Serves a record of one response. */
async function serve(options: Partial<Served> = {}) {
  const database = `${createFolder()}/usage.db`;
  const store = createStore(database);
  store.record({ invocation: sampleInvocation('a'), responses: [sampleResponse('1')] });
  return { ...(await serveDashboard({ ...options, database })), database };
}

/** Asks with headers that fetch would not send. Rejects where nobody listens at `host`. */
async function askRaw(port: number, path: string, headers: Record<string, string>, host = '127.0.0.1') {
  const asking = request({ host, port, path, headers: { host: `127.0.0.1:${port}`, ...headers } }).end();
  const [answer] = (await once(asking, 'response')) as [IncomingMessage];
  answer.resume();
  return { status: answer.statusCode };
}

/** Collects the events of the server until the test is over. */
async function listen(url: string): Promise<{ readonly text: string; readonly ended: boolean }> {
  const abort = new AbortController();
  onTestFinished(() => abort.abort());
  const response = await fetch(new URL('/api/events', url), { signal: abort.signal });
  const heard = { text: '', ended: false };
  const read = async () => {
    const decoder = new TextDecoder();
    for await (const chunk of response.body ?? []) heard.text += decoder.decode(chunk as Uint8Array);
  };
  read()
    .catch(() => undefined)
    .finally(() => {
      heard.ended = true;
    });
  await waitFor('the first event', () => heard.text.includes('event: history'));
  return heard;
}
