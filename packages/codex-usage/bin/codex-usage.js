#!/usr/bin/env node
const { dirname, join } = require('node:path');

require(join(dirname(require.resolve('codex-metered/package.json')), 'bin/codex-usage.js'));
