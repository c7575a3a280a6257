import { spawnSync } from 'node:child_process';
import { writeCommands } from './commands.js';
import { installPackage, scriptOf } from './package.js';
import { ActionError, addToPath, annotate, readInput, runStep, setVariable } from './runner.js';
import { makeWorkplace, WORKPLACE, writeSettings } from './workplace.js';

/** @import { Workplace } from './workplace.js' */

/** A word in the name of a job that says which phase it is. */
const PHASES_BY_JOB = [
  { names: /(?:^|[-_])review(?:er|s)?(?:$|[-_])/i, phase: 'reviewer' },
  { names: /(?:^|[-_])(?:build(?:er)?|implement|fix)(?:$|[-_])/i, phase: 'builder' },
];

await runStep(start);

function start() {
  const step = readInput('step') ?? 'start';
  if (step !== 'start') throw new ActionError(`There is no step "${step}": use \`start\` or \`report\`.`);
  const workplace = makeWorkplace(readInput('codex-user'));
  const variables = readVariables(workplace);
  const problem = installPackage(workplace, readInput('version'));
  setVariable(WORKPLACE, workplace.folder);
  writeSettings(workplace, { runId: variables.CODEX_METERED_RUN_ID ?? '', problem: problem ?? null });
  if (problem) {
    if (variables.CODEX_METERED_BUDGET_USD || variables.CODEX_METERED_BUDGET_TOKENS) throw new ActionError(problem);
    annotate('warning', `Codex runs without metering in this job. ${problem}`);
    return;
  }
  refuseWrongVariables(workplace, variables);
  writeCommands(workplace, variables);
  // A later step that sets up another Node puts it in front of PATH. Codex that is installed then goes into this prefix, so
  // that no `codex` comes before ours.
  setVariable('npm_config_prefix', workplace.npmPrefix);
  addToPath(workplace.npmCommands);
  addToPath(workplace.commands);
  process.stdout.write(`Codex is metered in this job, as ${describe(variables)}.\n`);
}

/**
 * What the inputs and the workflow say of the calls of this job. What is not said codex-metered infers by itself.
 * @param {Workplace} workplace
 */
function readVariables({ database, stateFolder }) {
  const { GITHUB_RUN_ID = '', GITHUB_RUN_ATTEMPT, GITHUB_REPOSITORY, GITHUB_JOB = '' } = process.env;
  const iteration = readInput('iteration') ?? GITHUB_RUN_ATTEMPT;
  const phase = readInput('phase') ?? PHASES_BY_JOB.find(({ names }) => names.test(GITHUB_JOB))?.phase;
  return removeEmpty({
    CODEX_METERED_RUN_ID: readInput('run') ?? `github-${GITHUB_RUN_ID}`,
    CODEX_METERED_PHASE: phase,
    CODEX_METERED_ITERATION: iteration === 'auto' ? undefined : iteration,
    CODEX_METERED_PROJECT: readInput('project') ?? GITHUB_REPOSITORY,
    CODEX_METERED_BUDGET_USD: readInput('budget-usd'),
    CODEX_METERED_BUDGET_TOKENS: readInput('budget-tokens'),
    CODEX_METERED_ON_BUDGET: readInput('on-budget'),
    CODEX_METERED_DB: database,
    CODEX_METERED_STATE_DIR: stateFolder,
  });
}

/**
 * codex-metered itself knows what a phase or a budget can be: it is asked to run something else than Codex.
 * @param {Workplace} workplace
 * @param {Readonly<Record<string, string>>} variables
 */
function refuseWrongVariables(workplace, variables) {
  const env = { ...process.env, ...variables, CODEX_METERED_CODEX: process.execPath };
  const asked = spawnSync(process.execPath, [scriptOf(workplace, 'codex-metered'), '--version'], {
    env,
    encoding: 'utf8',
  });
  if (asked.status !== 0) throw new ActionError(asked.stderr.trim());
}

/** @param {Readonly<Record<string, string>>} variables */
function describe({ CODEX_METERED_RUN_ID, CODEX_METERED_PHASE, CODEX_METERED_ITERATION, ...others }) {
  const { CODEX_METERED_BUDGET_USD, CODEX_METERED_BUDGET_TOKENS } = others;
  return [
    `run ${CODEX_METERED_RUN_ID}`,
    CODEX_METERED_PHASE && `phase ${CODEX_METERED_PHASE}`,
    CODEX_METERED_ITERATION && `iteration ${CODEX_METERED_ITERATION}`,
    CODEX_METERED_BUDGET_USD && `with a budget of ${CODEX_METERED_BUDGET_USD} USD`,
    CODEX_METERED_BUDGET_TOKENS && `with a budget of ${CODEX_METERED_BUDGET_TOKENS} tokens`,
  ]
    .filter(Boolean)
    .join(', ');
}

/**
 * @param {Readonly<Record<string, string | undefined>>} variables
 * @returns {Record<string, string>}
 */
function removeEmpty(variables) {
  return Object.fromEntries(Object.entries(variables).flatMap(([name, value]) => (value ? [[name, value]] : [])));
}
