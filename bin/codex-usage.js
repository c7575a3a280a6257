#!/usr/bin/env node
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`codex-usage needs Node 20.19 or newer; this is Node ${process.version}.`);
  process.exitCode = 1;
} else {
  try {
    require('../dist/usage.cjs');
  } catch (error) {
    if (error.code !== 'MODULE_NOT_FOUND' || !error.message.includes('usage.cjs')) throw error;
    console.error('codex-usage is not built: run `npm run build` in its folder.');
    process.exitCode = 1;
  }
}
