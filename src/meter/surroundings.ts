import { parseLabels } from '../usage/fleet-target.js';
import type { CiJob, InvocationSurroundings } from '../usage/surroundings.js';

type Env = Readonly<Record<string, string | undefined>>;

/** More of them than a target is sent, so that its own settings can choose; but no more than a record should hold. */
const MOST_KEPT = 16;
const LONGEST = 256;
/** Attributes that say which program or machine something is of: not labels of the work. */
const OF_THE_MACHINE = /^(?:service|telemetry|process|host|os|container|k8s|cloud|device)\./;

/** Reads who and what an invocation is started by. Undefined where the environment says nothing of it. */
export function readSurroundings(env: Env): InvocationSurroundings | undefined {
  const found = recogniseCi(env);
  const user = env.CODEX_METERED_USER || found?.actor;
  const labels = readLabels(env);
  if (!user && !found && labels === undefined) return undefined;
  return {
    ...(user && { user: user.slice(0, LONGEST) }),
    ...(found && { ci: found.job }),
    ...(labels && { labels }),
  };
}

function readLabels(env: Env): Record<string, string> | undefined {
  const inherited = parseLabels(env.OTEL_RESOURCE_ATTRIBUTES ?? '');
  const ofTheWork = Object.entries(inherited).filter(([key]) => !OF_THE_MACHINE.test(key));
  const all = Object.entries({ ...Object.fromEntries(ofTheWork), ...parseLabels(env.CODEX_METERED_LABELS ?? '') });
  const kept = all.filter(([key, value]) => key.length <= LONGEST && value.length <= LONGEST).slice(-MOST_KEPT);
  return kept.length === 0 ? undefined : Object.fromEntries(kept);
}

interface FoundCi {
  readonly job: CiJob;
  /** Who started the job. */
  readonly actor: string | undefined;
}

/** Recognises a job of a CI system by the variables that its documentation names. */
export function recogniseCi(env: Env): FoundCi | undefined {
  const found = SYSTEMS.find(({ mark }) => env[mark]);
  if (!found) return undefined;
  const { system, pipeline, run, repository, actor } = found;
  const read = (names: readonly string[]) => names.map((name) => env[name]).find(Boolean);
  const said = Object.entries({ pipeline: read(pipeline), run: read(run), repository: read(repository) });
  const job = Object.fromEntries(said.flatMap(([key, value]) => (value ? [[key, value.slice(0, LONGEST)]] : [])));
  return { job: { system, ...job }, actor: read(actor) };
}

interface CiSystem extends Readonly<Record<'pipeline' | 'run' | 'repository' | 'actor', readonly string[]>> {
  readonly system: CiJob['system'];
  /** A variable that the system sets in every job. */
  readonly mark: string;
}

const SYSTEMS: readonly CiSystem[] = [
  // https://docs.github.com/en/actions/reference/workflows-and-actions/variables
  {
    ...{ system: 'github', mark: 'GITHUB_ACTIONS', pipeline: ['GITHUB_WORKFLOW'], run: ['GITHUB_RUN_ID'] },
    ...{ repository: ['GITHUB_REPOSITORY'], actor: ['GITHUB_ACTOR'] },
  },
  // https://docs.gitlab.com/ci/variables/predefined_variables/
  {
    ...{ system: 'gitlab', mark: 'GITLAB_CI', pipeline: ['CI_PIPELINE_NAME', 'CI_JOB_NAME'], run: ['CI_PIPELINE_ID'] },
    ...{ repository: ['CI_PROJECT_PATH'], actor: ['GITLAB_USER_LOGIN'] },
  },
  // https://buildkite.com/docs/pipelines/configure/environment-variables
  {
    ...{ system: 'buildkite', mark: 'BUILDKITE', pipeline: ['BUILDKITE_PIPELINE_SLUG'], run: ['BUILDKITE_BUILD_ID'] },
    ...{ repository: ['BUILDKITE_PIPELINE_SLUG'], actor: ['BUILDKITE_BUILD_CREATOR', 'BUILDKITE_BUILD_AUTHOR'] },
  },
  // https://circleci.com/docs/reference/variables/
  {
    ...{
      system: 'circleci',
      mark: 'CIRCLECI',
      pipeline: ['CIRCLE_JOB'],
      run: ['CIRCLE_WORKFLOW_ID', 'CIRCLE_BUILD_NUM'],
    },
    ...{ repository: ['CIRCLE_PROJECT_REPONAME'], actor: ['CIRCLE_USERNAME'] },
  },
  // https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables
  {
    ...{ system: 'jenkins', mark: 'JENKINS_URL', pipeline: ['JOB_NAME'], run: ['BUILD_TAG', 'BUILD_ID'] },
    ...{ repository: [], actor: ['BUILD_USER_ID', 'CHANGE_AUTHOR'] },
  },
];
