import { hostname } from 'node:os';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { detectResources, envDetector, type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import type { MetricData, ScopeMetrics } from '@opentelemetry/sdk-metrics';
import { readConfirmed, writeConfirmed } from '../store/exported-counters.js';
import { takeLock } from '../store/locks.js';
import { type Connection, explainingFaults } from '../store/open.js';
import {
  advanceCursor,
  beginTarget,
  confirmNonce,
  listEntries,
  noteFailure,
  type OutboxEntry,
  readStoreId,
  readTarget,
} from '../store/outbox.js';
import { readOutboxRows } from '../store/outbox-rows.js';
import { type Measurement, measure, type Recorded } from './measure.js';
import { GENAI_SCHEMA_URL } from './names.js';
import { type LogContext, toGoneRecords, toLogRecords } from './otlp-logs.js';
import { type OtlpPoint, toOtlpPoints } from './otlp-points.js';
import { type Sent, send } from './otlp-send.js';
import { nameTarget, type OtlpTarget } from './otlp-target.js';

/** What an export has sent. `problem`: why it ended early; what was not sent is sent by the next one. */
export interface OtlpResult {
  readonly points: number;
  readonly logRecords: number;
  /** Points and records that the collector has received and does not want. They are not sent again. */
  readonly rejected: number;
  readonly rejectedBecause: string;
  readonly summedUp: number;
  readonly problem: string | undefined;
}

/** The conventions of the histogram `gen_ai.client.token.usage`. */
const HISTOGRAM_SCHEMA_URL = 'https://opentelemetry.io/schemas/1.42.0';

/** Collectors refuse requests above a few megabytes. */
const POINTS_AT_ONCE = 2000;
const RECORDS_AT_ONCE = 500;

/**
 * Sends the sums of the record, and the responses where the target wants them, to an OpenTelemetry collector. What it has
 * confirmed is recorded after its answer: an export that dies is repeated by the next one. Throws a StoreError.
 */
export async function exportOtlp(
  store: Recorded,
  target: OtlpTarget,
  onProgress: (sent: number, of: number) => void = () => undefined,
): Promise<OtlpResult> {
  const lock = takeLock(store.path, 'export');
  if (!lock) return { ...NOTHING, problem: 'another export of this database is under way' };
  try {
    const resource = describeMachine(store, target);
    const { points, ...metrics } = await exportMetrics(store, target, resource, onProgress);
    if (metrics.problem !== undefined || !target.logs) return { ...NOTHING, points, ...metrics };
    const logs = await exportLogs(store, target, resource, onProgress);
    return {
      ...{ points, logRecords: logs.records, summedUp: metrics.summedUp, problem: logs.problem },
      rejected: metrics.rejected + logs.rejected,
      rejectedBecause: metrics.rejectedBecause || logs.rejectedBecause,
    };
  } finally {
    lock.release();
  }
}

const NOTHING: OtlpResult = {
  points: 0,
  logRecords: 0,
  rejected: 0,
  rejectedBecause: '',
  summedUp: 0,
  problem: undefined,
};

/** What OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME say wins. */
function describeMachine(store: Recorded, { version, resource }: OtlpTarget): Resource {
  const id = explainingFaults(store.path, () => readStoreId(store.connection));
  const own = {
    'service.name': 'codex-metered',
    'service.version': version,
    'service.instance.id': id,
    'host.name': hostname(),
    ...resource,
  };
  return resourceFromAttributes(own).merge(detectResources({ detectors: [envDetector] }));
}

async function exportMetrics(
  store: Recorded,
  target: OtlpTarget,
  resource: Resource,
  onProgress: (sent: number, of: number) => void,
) {
  const { metricsUrl, version, conventions, temporality, secrets } = target;
  const hasSizes = conventions === 'gen_ai.client.token.usage';
  const measurement = measure(store, { nowMs: Date.now(), version, tokenSizes: hasSizes });
  const name = nameTarget(metricsUrl);
  const confirmed = temporality === 'delta' ? readConfirmed(store.connection, name) : undefined;
  const points = toOtlpPoints(measurement, confirmed);
  const exporter = new OTLPMetricExporter({ url: metricsUrl, userAgent: `codex-metered/${version}` });
  const sent = { points: 0, rejected: 0, rejectedBecause: '', summedUp: measurement.summedUp };
  try {
    for (let at = 0; at < points.length; at += POINTS_AT_ONCE) {
      const some = points.slice(at, at + POINTS_AT_ONCE);
      const scope = { name: 'codex-metered', version, schemaUrl: hasSizes ? HISTOGRAM_SCHEMA_URL : GENAI_SCHEMA_URL };
      const scopeMetrics: ScopeMetrics[] = [{ scope, metrics: gather(some) }];
      const result = await send((done) => exporter.export({ resource, scopeMetrics }, done), secrets);
      if (!result.ok) return { ...sent, problem: result.problem };
      if (confirmed) confirm(store, name, some, measurement);
      sent.points += some.length;
      noteRejected(sent, result);
      onProgress(sent.points, points.length);
    }
    return { ...sent, problem: undefined };
  } finally {
    await exporter.shutdown();
  }
}

/** Puts the points of each metric together. */
function gather(points: readonly OtlpPoint[]): MetricData[] {
  const metrics = new Map<string, MetricData>();
  for (const { data } of points) {
    const known = metrics.get(data.descriptor.name);
    if (known) (known.dataPoints as unknown[]).push(...data.dataPoints);
    else metrics.set(data.descriptor.name, { ...data, dataPoints: [...data.dataPoints] } as MetricData);
  }
  return [...metrics.values()];
}

function confirm(store: Recorded, target: string, points: readonly OtlpPoint[], { takenAtMs }: Measurement): void {
  const counters = points.flatMap((point) => point.counters);
  const write = store.connection.transaction(() => writeConfirmed(store.connection, target, counters, takenAtMs));
  explainingFaults(store.path, () => write.immediate());
}

/** Sends what the outbox has for this target: all responses the first time, then those that are new or have changed. */
async function exportLogs(
  store: Recorded,
  target: OtlpTarget,
  resource: Resource,
  onProgress: (sent: number, of: number) => void,
) {
  const { connection, path } = store;
  const { logsUrl, version, secrets } = target;
  const name = target.outboxName ?? nameTarget(logsUrl);
  const exporter = new OTLPLogExporter({ url: logsUrl, userAgent: `codex-metered/${version}` });
  const sent = { records: 0, rejected: 0, rejectedBecause: '' };
  const begin = () => readTarget(connection, name) ?? beginTarget(connection, { name, settings: 'otlp' });
  let { cursor } = explainingFaults(path, begin);
  try {
    for (;;) {
      const entries = explainingFaults(path, () => listEntries(connection, cursor, RECORDS_AT_ONCE));
      const last = entries.at(-1);
      if (!last) return { ...sent, problem: undefined };
      const context = { resource, version, nowMs: Date.now() };
      const records = explainingFaults(path, () => readRecords(connection, entries, context));
      if (records.length > 0) {
        const result = await send((done) => exporter.export(records, done), secrets);
        if (!result.ok) {
          explainingFaults(path, () => noteFailure(connection, name, result.problem));
          return { ...sent, problem: result.problem };
        }
        noteRejected(sent, result);
      }
      explainingFaults(path, () => {
        advanceCursor(connection, name, last.seq);
        confirmNonce(connection, name, { nonce: 'otlp', clockSkewMs: null });
      });
      cursor = last.seq;
      sent.records += records.length;
      onProgress(sent.records, sent.records);
    }
  } finally {
    await exporter.shutdown();
  }
}

function readRecords(connection: Connection, entries: readonly OutboxEntry[], context: LogContext) {
  const { responses, gone } = readOutboxRows(connection, entries);
  return [...toLogRecords(responses, context), ...toGoneRecords(gone, context)];
}

/** Calls `print` with what an export would send, a point or a log record at a time, as JSON. Changes nothing. */
export function previewOtlp(
  store: Recorded,
  target: OtlpTarget,
  entries: Iterable<OutboxEntry>,
  print: (line: string) => void,
): void {
  const { version, conventions, temporality, metricsUrl, logs } = target;
  const { attributes } = describeMachine(store, target);
  const sizes = conventions === 'gen_ai.client.token.usage';
  const measurement = measure(store, { nowMs: Date.now(), version, tokenSizes: sizes, preview: true });
  const confirmed = temporality === 'delta' ? readConfirmed(store.connection, nameTarget(metricsUrl)) : undefined;
  print(JSON.stringify({ resource: attributes }));
  for (const { data } of toOtlpPoints(measurement, confirmed)) {
    const { descriptor, dataPoints } = data;
    for (const point of dataPoints) print(JSON.stringify({ metric: descriptor.name, unit: descriptor.unit, ...point }));
  }
  if (!logs) return;
  const context = { resource: resourceFromAttributes({}), version, nowMs: Date.now() };
  for (const entry of entries) {
    for (const { eventName, hrTime, attributes: of } of readRecords(store.connection, [entry], context)) {
      print(JSON.stringify({ log: eventName, time: hrTime, attributes: of }));
    }
  }
}

function noteRejected(sum: { rejected: number; rejectedBecause: string }, sent: Extract<Sent, { ok: true }>): void {
  sum.rejected += sent.rejected;
  sum.rejectedBecause ||= sent.reason;
}
