/**
 * What nearly every command needs, as one piece: taken apart, Node would have to find some forty small files for a
 * report, which takes longer than to read what one of them does not need.
 */
// biome-ignore lint/performance/noBarrelFile: this one makes it faster, see above
export { runCostCommand } from './cost.js';
export { runDoctor } from './doctor.js';
export { runExportCommand } from './export.js';
export { runPriceCommand } from './prices.js';
