// Brings a fresh clone to a working state, and costs a moment when it already is in one.
// Runs before node_modules exists, so it and what it imports at the top need Node alone.
import { buildDistIfStale } from './dist.js';
import { installDependencies } from './install.js';

try {
  requireNode(20, 19);
  await installDependencies();
  await buildDistIfStale();
} catch (error) {
  console.error(`setup: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}

/**
 * @param {number} major
 * @param {number} minor
 */
function requireNode(major, minor) {
  const [runningMajor = 0, runningMinor = 0] = process.versions.node.split('.').map(Number);
  if (runningMajor > major || (runningMajor === major && runningMinor >= minor)) return;
  throw new Error(`Node ${process.version} is too old: install Node ${major}.${minor} or newer (https://nodejs.org).`);
}
