import { type Aim, type Column, type Figure, medianOf, type Ratio, type Section } from './figures.js';
import type { Machine } from './machine.js';

export function printMachine({ cpu, cores, system, node, codex }: Machine): string {
  return `${cores} × ${cpu}, ${system}, Node ${node}, ${codex}\n`;
}

/** One section as text: times first, then what they come to. */
export function printSection({ name, about, rounds, columns, ratios, figures }: Section): string {
  const names = [...columns, ...ratios, ...figures].map((one) => one.name.length);
  const width = Math.max(...names) + 2;
  const lines = [
    `${name}: ${about}`,
    `  ${`${rounds} rounds`.padEnd(width)}${'median'.padStart(9)}${'min'.padStart(9)}${'max'.padStart(9)}`,
    ...columns.map((column) => printColumn(column, width)),
    ...ratios.map((ratio) => printRatio(ratio, width)),
    ...figures.map((figure) => printFigure(figure, width)),
  ];
  return `${lines.join('\n')}\n`;
}

function printColumn({ name, samplesMs }: Column, width: number): string {
  const cells = [medianOf(samplesMs), Math.min(...samplesMs), Math.max(...samplesMs)];
  return `  ${name.padEnd(width)}${cells.map((ms) => ms.toFixed(1).padStart(9)).join('')}  ms`;
}

function printRatio({ name, median, min, max, aim }: Ratio, width: number): string {
  const decimals = median < 0.1 ? 3 : 2;
  const cells = [median, min, max].map((value) => value.toFixed(decimals).padStart(9)).join('');
  return `  ${name.padEnd(width)}${cells}  ×${aim ? printAim(median, aim) : ''}`;
}

function printAim(median: number, { bound, value }: Aim): string {
  const met = bound === 'at most' ? median <= value : median >= value;
  return `   aim: ${bound} ${value.toFixed(2)}, ${met ? 'met' : 'MISSED'}`;
}

function printFigure({ name, value, unit, aim }: Figure, width: number): string {
  return `  ${name.padEnd(width)}${value.toFixed(0).padStart(9)}${' '.repeat(18)}  ${unit}${aim ? printAim(value, aim) : ''}`;
}
