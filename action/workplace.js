import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The variable by which the later steps of a job find what the first one has made. */
export const WORKPLACE = 'CODEX_METERED_ACTION';

/**
 * Where the action keeps what it needs during a job.
 * @typedef {object} Workplace
 * @property {string} folder
 * @property {string} commands comes first on PATH: `codex` is codex-metered there
 * @property {string} npmPrefix where `npm install -g` installs Codex during the job
 * @property {string} npmCommands the folder in it that holds commands
 * @property {string} packageFolder where codex-metered is installed
 * @property {string} database
 * @property {string} stateFolder
 * @property {string} report what the job has used, as JSON
 */

/**
 * @param {string} folder
 * @returns {Workplace}
 */
function describeWorkplace(folder) {
  const npmPrefix = join(folder, 'npm');
  return {
    folder,
    commands: join(folder, 'bin'),
    npmPrefix,
    npmCommands: process.platform === 'win32' ? npmPrefix : join(npmPrefix, 'bin'),
    packageFolder: join(folder, 'package'),
    database: join(folder, 'data', 'usage.db'),
    stateFolder: join(folder, 'state'),
    report: join(folder, 'codex-cost.json'),
  };
}

/**
 * Makes the workplace of this job, or returns the one that an earlier step of it has made.
 * @param {string | undefined} codexUser another user who runs Codex, and so records
 */
export function makeWorkplace(codexUser) {
  const earlier = process.env[WORKPLACE];
  if (earlier && existsSync(earlier)) return describeWorkplace(earlier);
  // The runner's own temporary folder lies in a home that other users may not enter.
  const parent = codexUser ? tmpdir() : (process.env.RUNNER_TEMP ?? tmpdir());
  const workplace = describeWorkplace(mkdtempSync(join(parent, 'codex-metered-')));
  for (const folder of [workplace.commands, workplace.npmCommands, workplace.packageFolder, workplace.stateFolder]) {
    mkdirSync(folder, { recursive: true });
  }
  if (codexUser) share(workplace);
  return workplace;
}

/**
 * Two users record here: the runner's, and the one who runs Codex. What is kept are counts and names, on a machine that is
 * the job's alone. SQLite gives the files that it makes beside a database the database's own mode.
 * @param {Workplace} workplace
 */
function share({ folder, database, stateFolder }) {
  const data = join(database, '..');
  mkdirSync(data);
  writeFileSync(database, '');
  chmodSync(folder, 0o755);
  chmodSync(database, 0o666);
  for (const shared of [data, stateFolder]) chmodSync(shared, 0o777);
}

/** The workplace that `step: start` has made in this job. */
export function findWorkplace() {
  const folder = process.env[WORKPLACE];
  return folder && existsSync(folder) ? describeWorkplace(folder) : undefined;
}

/**
 * What the steps of a job tell each other.
 * @typedef {object} Settings
 * @property {string} runId
 * @property {string | null} problem why nothing is metered in this job
 */

/**
 * @param {Workplace} workplace
 * @param {Settings} settings
 */
export function writeSettings({ folder }, settings) {
  writeFileSync(join(folder, 'settings.json'), JSON.stringify(settings));
}

/**
 * @param {Workplace} workplace
 * @returns {Settings}
 */
export function readSettings({ folder }) {
  return JSON.parse(readFileSync(join(folder, 'settings.json'), 'utf8'));
}
