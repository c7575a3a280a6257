import { spawn, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { PricedResponse } from '../../src/usage/record.js';
import { serveDashboard } from '../harness/dashboard.js';
import { HAS_PROMTOOL, NEEDS_PROMTOOL, promtool } from '../harness/prometheus.js';
import { waitFor } from '../harness/wait.js';
import { createFolder, createStore, START, sampleInvocation, sampleResponse } from '../store/samples.js';

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly targets: readonly { readonly expr: string; readonly legendFormat: string }[];
}

const DASHBOARD = JSON.parse(
  readFileSync(new URL('../../dashboards/grafana-prometheus.json', import.meta.url), 'utf8'),
);
const PANELS: readonly Panel[] = DASHBOARD.panels;
const QUERIES = PANELS.flatMap(({ title, targets }) =>
  targets.map(({ expr, legendFormat }) => ({ title, expr, legendFormat })),
);
const HAS_PROMETHEUS = spawnSync('prometheus', ['--version']).status === 0;
const NEEDS_PROMETHEUS = HAS_PROMETHEUS ? '' : ' (left out: prometheus is not on the PATH)';

/** A query as Grafana sends it, over `span`. */
const asSent = (expr: string, span = '10s') => {
  return expr.replaceAll(/\$__(range|interval)/g, span).replaceAll('$project', '.*');
};

describe('the dashboard for Prometheus', () => {
  it('asks for metrics that there are, and gives each panel a number of its own', () => {
    const known = readFileSync(new URL('../../docs/metrics.md', import.meta.url), 'utf8');
    const named = new Set(QUERIES.flatMap(({ expr }) => expr.match(/codex_metered_\w+/g) ?? []));
    const alike = /^codex_metered_corrections_/;
    expect([...named].filter((name) => !known.includes(`\`${name}\``) && !alike.test(name))).toEqual([]);
    expect(new Set(PANELS.map(({ id }) => id)).size).toBe(PANELS.length);
  });

  it.skipIf(!HAS_PROMTOOL)(`has no query that Prometheus cannot read${NEEDS_PROMTOOL}`, () => {
    const rules = QUERIES.map(({ expr }, at) => ({ record: `panel:query${at}`, expr: asSent(expr, '5m') }));
    const file = join(createFolder(), 'rules.yml');
    // JSON is YAML.
    writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
    expect(promtool(['check', 'rules', file])).toMatchObject({ exitCode: 0 });
  });

  it.skipIf(!HAS_PROMETHEUS)(
    `shows what was recorded, to the nano-USD, when Prometheus has scraped it${NEEDS_PROMETHEUS}`,
    async () => {
      const database = join(createFolder(), 'usage.db');
      const store = createStore(database);
      const add = (...responses: PricedResponse[]) => store.record({ invocation: sampleInvocation('a'), responses });
      const limit = {
        provider: 'codex',
        limitId: 'codex',
        windowMinutes: 300,
        usedPercent: 25,
        resetsAtMs: Date.now() + 1e7,
        observedAtMs: Date.now(),
      } as const;
      store.record({
        invocation: sampleInvocation('old'),
        update: { status: 'failed', endedAtMs: START },
        rateLimits: [limit],
      });
      add(sampleResponse('1'), sampleResponse('2', { model: 'new', costNanoUsd: undefined }));
      const { port } = await serveDashboard({ database });
      const { query, scraped } = await startPrometheus(port);
      await scraped(2);

      // A correction downwards, and what is new: a series that was there, and one that was not.
      add(sampleResponse('1', { usage: { input: 990 } }));
      add(sampleResponse('3'));
      const estimate = { source: 'estimated', evidence: 'tokenizer', costNanoUsd: 7, threadId: 'other' } as const;
      store.record({ invocation: sampleInvocation('b'), responses: [sampleResponse('4', estimate)] });
      await scraped(2);
      await waitFor(
        'all that was recorded',
        async () => (await query('sum(codex_metered_responses_total)'))[0]?.value === 4,
      );
      // The series that fell is held, so 10 tokens of the new response are not seen yet.
      const expected = 0.0026 - 0.00001 + 7e-9;
      await waitFor('what was spent since', async () => {
        const [spent] = await query(asSent(titled('Spend'), '3s'));
        return Math.abs((spent?.value ?? 0) - expected) < 1e-12;
      });
      const exact = await query(
        'sum(codex_metered_cost_usd_total) - (sum(codex_metered_corrections_cost_usd) or vector(0))',
      );
      expect(exact[0]?.value).toBeCloseTo(0.0026 - 0.00001 + 0.0026 + 7e-9, 12);
      for (const { title, expr } of QUERIES) {
        expect(await query(asSent(expr)), title).not.toEqual([]);
      }
    },
    60_000,
  );
});

function titled(title: string): string {
  return PANELS.find((panel) => panel.title === title)?.targets[0]?.expr ?? '';
}

interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Result {
  readonly metric: Sample['labels'];
  readonly value: readonly [number, string];
}

/** Starts a Prometheus for the running test that scrapes a port each half second. */
async function startPrometheus(target: number) {
  const folder = createFolder();
  const port = await findPort();
  const config = {
    scrape_configs: [
      {
        job_name: 'codex-metered',
        scrape_interval: '500ms',
        scrape_timeout: '500ms',
        static_configs: [{ targets: [`127.0.0.1:${target}`] }],
      },
    ],
  };
  writeFileSync(join(folder, 'prometheus.yml'), JSON.stringify(config));
  const child = spawn(
    'prometheus',
    [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    { stdio: 'ignore' },
  );
  onTestFinished(async () => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await ended;
  });
  const query = async (expr: string): Promise<Sample[]> => {
    const response = await fetch(`http://127.0.0.1:${port}/api/v1/query?query=${encodeURIComponent(expr)}`).catch(
      () => undefined,
    );
    // It answers with 503 until it is ready.
    if (!response || response.status === 503) return [];
    const { data, error } = (await response.json()) as { data: { result: Result[] }; error?: string };
    if (error) throw new Error(`${expr}: ${error}`);
    return data.result.map(({ metric, value }) => ({
      labels: metric,
      value: Number(value[1]),
    }));
  };
  /** Waits for so many scrapes more. */
  const scraped = async (count: number) => {
    const times = async () => (await query('sum(count_over_time(codex_metered_build_info[1h]))'))[0]?.value ?? 0;
    const before = await times();
    await waitFor(`${count} scrapes`, async () => (await times()) >= before + count, 30_000);
  };
  return { query, scraped };
}

async function findPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
