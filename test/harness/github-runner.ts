import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { parse } from 'yaml';
import { CODEX } from './workbench.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ACTION = join(ROOT, 'action');

interface ActionFile {
  readonly inputs: Readonly<Record<string, { readonly default?: string }>>;
  readonly outputs: Readonly<Record<string, { readonly value: string }>>;
  readonly runs: { readonly steps: readonly ActionStep[] };
}

interface ActionStep {
  readonly id?: string;
  readonly if?: string;
  readonly run?: string;
  readonly uses?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly with?: Readonly<Record<string, string | boolean>>;
}

export interface StepResult {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

export interface ActionResult extends StepResult {
  readonly outputs: Readonly<Record<string, string>>;
  /** What it asked `actions/upload-artifact` to keep. */
  readonly uploaded: readonly { readonly name: string; readonly path: string }[];
}

/** A job of a workflow, as GitHub's runner runs its steps: each hears of the ones before by the environment files alone. */
export interface Job {
  /** Runs a line of bash. */
  run(line: string, env?: Readonly<Record<string, string>>): Promise<StepResult>;
  /** Uses the action of this repository, as its `action.yml` says. */
  useAction(inputs?: Readonly<Record<string, string>>): Promise<ActionResult>;
  /** Sets up a Node of its own, in front of all of PATH, as `actions/setup-node` does. */
  setUpNode(): void;
  readonly env: NodeJS.ProcessEnv;
  readonly summary: string;
  /** Where the runner keeps what is gone after the job. */
  readonly temporary: string;
}

/** `env` is what the runner and the workflow set for the whole job. */
export function startJob(folder: string, workspace: string, env: Readonly<Record<string, string | undefined>>): Job {
  const temporary = join(folder, 'runner');
  mkdirSync(temporary, { recursive: true });
  const files = { env: join(temporary, 'env'), path: join(temporary, 'path'), summary: join(temporary, 'summary.md') };
  const variables: NodeJS.ProcessEnv = {
    PATH: [writeNpm(join(folder, 'npm-of-runner')), process.env.PATH].join(delimiter),
    HOME: folder,
    GITHUB_WORKSPACE: workspace,
    GITHUB_STEP_SUMMARY: files.summary,
    GITHUB_ENV: files.env,
    GITHUB_PATH: files.path,
    RUNNER_TEMP: temporary,
    GITHUB_JOB: 'improve',
    GITHUB_WORKFLOW: 'Nightly',
    GITHUB_RUN_ID: '4711',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_REPOSITORY: 'octo/shop',
    ...env,
  };

  async function run(line: string, stepEnv: Readonly<Record<string, string | undefined>> = {}): Promise<StepResult> {
    const script = join(temporary, 'step.sh');
    writeFileSync(script, line);
    for (const file of [files.env, files.path]) writeFileSync(file, '');
    const { exitCode, stdout, stderr } = await execa('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], {
      cwd: workspace,
      env: { ...variables, ...stepEnv },
      extendEnv: false,
      stdin: 'ignore',
      reject: false,
    });
    Object.assign(variables, readVariables(files.env));
    for (const added of readFileSync(files.path, 'utf8').split('\n').filter(Boolean)) prependPath(added);
    return { exitCode, stdout, stderr };
  }

  function prependPath(added: string): void {
    const others = String(variables.PATH).split(delimiter);
    variables.PATH = [added, ...others.filter((one) => one !== added)].join(delimiter);
  }

  return {
    run,
    temporary,
    env: variables,
    setUpNode() {
      const own = writeNpm(join(folder, 'npm-of-node'));
      prependPath(own);
    },
    useAction: (inputs = {}) => useAction(inputs, { run, temporary }),
    get summary() {
      return existsSync(files.summary) ? readFileSync(files.summary, 'utf8') : '';
    },
  };
}

async function useAction(
  given: Readonly<Record<string, string>>,
  { run, temporary }: { run: (line: string, env: Record<string, string>) => Promise<StepResult>; temporary: string },
): Promise<ActionResult> {
  const action = parse(readFileSync(join(ACTION, 'action.yml'), 'utf8')) as ActionFile;
  const values: Record<string, string> = { 'github.token': 'ghs_secret' };
  for (const [name, { default: usual = '' }] of Object.entries(action.inputs)) {
    values[`inputs.${name}`] = given[name] ?? evaluate(usual, values);
  }
  const uploaded: { name: string; path: string }[] = [];
  let last: StepResult = { exitCode: 0, stdout: '', stderr: '' };
  for (const step of action.runs.steps) {
    if (last.exitCode !== 0 || !holds(step.if ?? '', values)) continue;
    if (step.uses) {
      uploaded.push({ name: evaluate(`${step.with?.name}`, values), path: evaluate(`${step.with?.path}`, values) });
      continue;
    }
    const output = join(temporary, 'output');
    writeFileSync(output, '');
    const env = Object.entries(step.env ?? {}).map(([name, value]) => [name, evaluate(value, values)]);
    const extra = { GITHUB_ACTION_PATH: ACTION, GITHUB_OUTPUT: output };
    last = await run(step.run ?? '', { ...Object.fromEntries(env), ...extra });
    for (const [name, value] of Object.entries(readVariables(output)))
      values[`steps.${step.id}.outputs.${name}`] = value;
  }
  const outputs = Object.entries(action.outputs).map(([name, { value }]) => [name, evaluate(value, values)]);
  return { ...last, uploaded, outputs: Object.fromEntries(outputs) };
}

/** The part of GitHub's expressions that `action.yml` is written in. */
function evaluate(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{\{ ([\w.-]+) \}\}/g, (_, name: string) => values[name] ?? '');
}

function holds(condition: string, values: Readonly<Record<string, string>>): boolean {
  const parts = condition.replace(/^\$\{\{ | \}\}$/g, '').split(' && ');
  return parts.every((part) => {
    const [, name = '', operator, wanted] = /^([\w.-]+) (==|!=) '(.*)'$/.exec(part) ?? [];
    return operator === undefined || ((values[name] ?? '') === wanted) === (operator === '==');
  });
}

/** The form in which a step sets outputs and variables: `name<<end`, lines, `end`. */
function readVariables(file: string): Record<string, string> {
  const matches = readFileSync(file, 'utf8').matchAll(/^([\w-]+)<<(\S+)\n(.*?)\n\2$/gms);
  return Object.fromEntries([...matches].map(([, name, , value]) => [name, value]));
}

/**
 * An npm that asks no registry: `install` takes this checkout for the package, `install -g` puts the Codex of the tests into
 * the prefix, which is beside it unless `npm_config_prefix` says another one. Returns the folder for PATH.
 */
function writeNpm(prefix: string): string {
  const bin = join(prefix, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(
    join(bin, 'npm'),
    `#!/bin/sh
if [ "$2" = -g ]; then
  bin="\${npm_config_prefix:-${prefix}}/bin"; mkdir -p "$bin"; ln -sfn '${CODEX}' "$bin/codex"
elif [ -n "$PACKAGE_FAILS" ]; then
  echo "npm error network request failed" >&2; exit 1
else
  mkdir -p node_modules; ln -sfn '${ROOT}' node_modules/codex-metered
fi
`,
    { mode: 0o755 },
  );
  return bin;
}
