import { randomUUID } from 'node:crypto';
import { appendFileSync } from 'node:fs';

/** What the user of the action can mend; its message is all that is shown. */
export class ActionError extends Error {}

/**
 * An input of the action, as `action.yml` hands it on; undefined where it was left empty.
 * @param {string} name
 * @returns {string | undefined}
 */
export function readInput(name) {
  return process.env[`INPUT_${name.toUpperCase().replaceAll('-', '_')}`]?.trim() || undefined;
}

/**
 * @param {string} name
 * @param {string | number | null | undefined} value nothing, where it is not known
 */
export function setOutput(name, value) {
  append('GITHUB_OUTPUT', encodeVariable(name, String(value ?? '')));
}

/**
 * Sets a variable for the later steps of the job.
 * @param {string} name
 * @param {string} value
 */
export function setVariable(name, value) {
  append('GITHUB_ENV', encodeVariable(name, value));
}

/**
 * Puts a folder in front of PATH for the later steps of the job, in front also of those that were added before.
 * @param {string} folder
 */
export function addToPath(folder) {
  append('GITHUB_PATH', `${folder}\n`);
}

/** @param {string} markdown */
export function addSummary(markdown) {
  append('GITHUB_STEP_SUMMARY', `${markdown}\n`);
}

/**
 * A line that the runner shows at the job, and on the page of the workflow run.
 * @param {'error' | 'warning' | 'notice'} kind
 * @param {string} message
 */
export function annotate(kind, message) {
  const escaped = message.trim().replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
  process.stdout.write(`::${kind} title=codex-metered::${escaped}\n`);
}

/**
 * Runs a step of the action to its end; what goes wrong becomes one line at the job.
 * @param {() => void | Promise<void>} step
 */
export async function runStep(step) {
  try {
    await step();
  } catch (error) {
    const text = error instanceof ActionError ? error.message : error instanceof Error ? error.stack : error;
    annotate('error', String(text));
    process.exitCode = 1;
  }
}

/**
 * @param {string} name
 * @param {string} value
 */
function encodeVariable(name, value) {
  // What ends the value must not be in it: it can come from a workflow that others wrote.
  const end = `end-${randomUUID()}`;
  return `${name}<<${end}\n${value}\n${end}\n`;
}

/**
 * @param {string} variable the runner's, which names the file
 * @param {string} text
 */
function append(variable, text) {
  const file = process.env[variable];
  if (!file) throw new ActionError(`${variable} is not set: this runs as a step of a GitHub workflow only.`);
  appendFileSync(file, text);
}
