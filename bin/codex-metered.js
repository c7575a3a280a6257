#!/usr/bin/env node
const [major, minor] = process.versions.node.split('.').map(Number);

if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`codex-metered needs Node 20.19 or newer; this is Node ${process.version}.`);
  process.exitCode = 1;
} else {
  start();
}

/** Without `require` and `__dirname`: a copy of this file may lie where Node takes it for an ES module. */
function start() {
  const { existsSync, realpathSync } = process.getBuiltinModule('node:fs');
  const { createRequire } = process.getBuiltinModule('node:module');
  const { delimiter, join } = process.getBuiltinModule('node:path');
  const self = realpathSync(process.argv[1]);
  const isCopy = !existsSync(join(self, '../codex-usage.js'));
  // A copy, under a name that says the phase perhaps, runs what the codex-metered on PATH runs.
  const places = isCopy ? (process.env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'codex-metered')) : [];
  const wrappers = [self, ...places]
    .filter(existsSync)
    .map((path) => join(realpathSync(path), '../../dist/wrapper.cjs'));
  const wrapper = wrappers.find(existsSync);
  if (wrapper) {
    createRequire(self)(wrapper);
    return;
  }
  console.error(
    isCopy
      ? `${self} is a copy of codex-metered, and there is no codex-metered on PATH. Make a link to it instead.`
      : 'codex-metered is not built: run `npm run build` in its folder.',
  );
  process.exitCode = 1;
}
