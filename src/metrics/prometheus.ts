import type { Labels } from './hold.js';
import type { Measurement } from './measure.js';

/** The media type of the text format 0.0.4. */
export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** Writes a measurement in Prometheus' text format 0.0.4. */
export function toPrometheus({ metrics, summedUp }: Measurement): string {
  const lines = metrics.flatMap(({ metric: { prometheus, type, help, scale }, points }) => [
    `# HELP ${prometheus} ${help.replaceAll('\\', '\\\\')}`,
    `# TYPE ${prometheus} ${type}`,
    ...points.map(({ labels, value }) => `${prometheus}${writeLabels(labels)} ${value / scale}`),
  ]);
  const note = summedUp === 0 ? [] : [`# ${describeSummedUp(summedUp)}`];
  return [...note, ...lines, ''].join('\n');
}

/** Says why some projects and models have no series of their own. */
export function describeSummedUp(count: number): string {
  return `${count} combinations of provider, project, model and source are summed up as "(other)": there are more than a time series database should be given.`;
}

function writeLabels(labels: Labels): string {
  const entries = Object.entries(labels);
  return entries.length === 0 ? '' : `{${entries.map(([name, value]) => `${name}="${escapeValue(value)}"`).join(',')}}`;
}

function escapeValue(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
