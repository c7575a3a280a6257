import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { scriptOf } from './package.js';

/** @import { Workplace } from './workplace.js' */

/**
 * Writes the commands that the later steps of the job find first on PATH: `codex`, which is codex-metered, and the two of the
 * package. They carry `variables` as defaults, because a step that runs Codex through `sudo` hands on no environment, and
 * the path of this Node, because a later step can put another one on PATH for which the package was not installed.
 * @param {Workplace} workplace
 * @param {Readonly<Record<string, string>>} variables
 */
export function writeCommands(workplace, variables) {
  for (const name of ['codex', 'codex-metered', 'codex-usage']) {
    const script = scriptOf(workplace, name === 'codex-usage' ? name : 'codex-metered');
    const path = join(workplace.commands, name);
    writeFileSync(path, describeForShell(workplace, variables, script), { mode: 0o755 });
    if (process.platform === 'win32') writeFileSync(`${path}.cmd`, describeForWindows(workplace, variables, script));
  }
}

/**
 * @param {Workplace} workplace
 * @param {Readonly<Record<string, string>>} variables
 * @param {string} script
 */
function describeForShell({ npmCommands }, variables, script) {
  const codex = quote(join(npmCommands, 'codex'));
  return [
    '#!/bin/sh',
    '# Made by the GitHub Action of codex-metered. What a step sets itself wins over what stands here.',
    ...Object.entries(variables).map(([name, value]) => `[ -n "\${${name}-}" ] || export ${name}=${quote(value)}`),
    // Where `sudo` has replaced PATH, the Codex that this job has installed is not on it.
    `[ -n "\${CODEX_METERED_CODEX-}" ] || [ ! -x ${codex} ] || export CODEX_METERED_CODEX=${codex}`,
    `exec ${quote(process.execPath)} ${quote(script)} "$@"`,
    '',
  ].join('\n');
}

/**
 * @param {Workplace} workplace
 * @param {Readonly<Record<string, string>>} variables
 * @param {string} script
 */
function describeForWindows({ npmCommands }, variables, script) {
  const codex = join(npmCommands, 'codex.cmd');
  return [
    '@echo off',
    'rem Made by the GitHub Action of codex-metered. What a step sets itself wins over what stands here.',
    ...Object.entries(variables).map(([name, value]) => `if not defined ${name} set "${name}=${escapePercent(value)}"`),
    `if not defined CODEX_METERED_CODEX if exist "${codex}" set "CODEX_METERED_CODEX=${codex}"`,
    `"${process.execPath}" "${script}" %*`,
    '',
  ].join('\r\n');
}

/** @param {string} value */
function quote(value) {
  return `'${value.replaceAll("'", "'\\''")}'`;
}

/** @param {string} value */
function escapePercent(value) {
  return value.replaceAll('%', '%%').replaceAll('"', '');
}
