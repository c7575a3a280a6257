import type { CiJob } from '../usage/surroundings.js';
import { isPossibleTag, MOST_TAG_CHARACTERS, nameRepository, type Tag } from '../usage/tags.js';

type Values = Readonly<Record<'branch' | 'commit' | 'pr' | 'repo', string | undefined>>;
type Env = Readonly<Record<string, string | undefined>>;

/**
 * Reads what the variables of a CI system say of the work that it runs: branch, commit, pull request (or merge request, or change)
 * and repository. In a pull request the branch is its own, and the commit is the one that was checked out. Nothing outside of CI.
 */
export function readCiTags(env: Env): Tag[] {
  const found = findSystem(env);
  const tags = Object.entries(found?.read(env) ?? {}).flatMap(([key, value]) => (value ? [{ key, value }] : []));
  // Buildkite names HEAD where it does not know the commit yet.
  return tags.filter((tag) => isPossibleTag(tag) && (tag.key !== 'commit' || /^[0-9a-f]{7,64}$/i.test(tag.value)));
}

/** A job of a CI system, and who started it. */
export interface FoundCi {
  readonly job: CiJob;
  readonly actor: string | undefined;
}

/** Recognises the job that the environment is of. Undefined outside of CI. */
export function recogniseCi(env: Env): FoundCi | undefined {
  const found = findSystem(env);
  if (!found) return undefined;
  const { system, pipeline, run, actor } = found;
  const read = (names: readonly string[]) => names.map((name) => env[name]).find(Boolean);
  const said = Object.entries({ pipeline: read(pipeline), run: read(run), repository: found.read(env).repo });
  const job = said.flatMap(([key, value]) => (value ? [[key, value.slice(0, MOST_TAG_CHARACTERS)]] : []));
  return { job: { system, ...Object.fromEntries(job) }, actor: read(actor) };
}

interface CiSystem {
  readonly system: CiJob['system'];
  /** A variable that the system always sets. */
  readonly is: string;
  readonly read: (env: Env) => Values;
  /** The variables of the pipeline's name, of the run of it, and of who started it; the first that is set counts. */
  readonly pipeline: readonly string[];
  readonly run: readonly string[];
  readonly actor: readonly string[];
}

const SYSTEMS: readonly CiSystem[] = [
  // https://docs.github.com/en/actions/reference/workflows-and-actions/variables
  {
    ...{ system: 'github', is: 'GITHUB_SHA', pipeline: ['GITHUB_WORKFLOW'], run: ['GITHUB_RUN_ID'] },
    actor: ['GITHUB_ACTOR'],
    read: (env) => {
      const reference = env.GITHUB_REF ?? '';
      const isTag = env.GITHUB_REF_TYPE === 'tag' || reference.startsWith('refs/tags/');
      const name = env.GITHUB_REF_NAME ?? /^refs\/heads\/(.+)$/.exec(reference)?.[1];
      const ofPullRequest = /^refs\/pull\/(\d+)\//.exec(reference)?.[1] ?? /^(\d+)\/merge$/.exec(name ?? '')?.[1];
      return {
        branch: env.GITHUB_HEAD_REF || (isTag || ofPullRequest !== undefined ? undefined : name),
        commit: env.GITHUB_SHA,
        pr: ofPullRequest,
        repo: env.GITHUB_REPOSITORY,
      };
    },
  },
  // https://docs.gitlab.com/ci/variables/predefined_variables/
  {
    ...{ system: 'gitlab', is: 'GITLAB_CI', pipeline: ['CI_PIPELINE_NAME', 'CI_JOB_NAME'], run: ['CI_PIPELINE_ID'] },
    actor: ['GITLAB_USER_LOGIN'],
    read: (env) => ({
      branch: env.CI_MERGE_REQUEST_SOURCE_BRANCH_NAME || (env.CI_COMMIT_TAG ? undefined : env.CI_COMMIT_REF_NAME),
      commit: env.CI_COMMIT_SHA,
      pr: env.CI_MERGE_REQUEST_IID,
      repo: env.CI_PROJECT_PATH,
    }),
  },
  // https://buildkite.com/docs/pipelines/configure/environment-variables
  {
    ...{ system: 'buildkite', is: 'BUILDKITE', pipeline: ['BUILDKITE_PIPELINE_SLUG'], run: ['BUILDKITE_BUILD_ID'] },
    actor: ['BUILDKITE_BUILD_CREATOR', 'BUILDKITE_BUILD_AUTHOR'],
    read: (env) => ({
      branch: env.BUILDKITE_TAG ? undefined : env.BUILDKITE_BRANCH,
      commit: env.BUILDKITE_COMMIT,
      pr: numberOf(env.BUILDKITE_PULL_REQUEST),
      repo: nameRepository(env.BUILDKITE_REPO ?? ''),
    }),
  },
  // https://circleci.com/docs/reference/variables/
  {
    ...{
      system: 'circleci',
      is: 'CIRCLECI',
      pipeline: ['CIRCLE_JOB'],
      run: ['CIRCLE_WORKFLOW_ID', 'CIRCLE_BUILD_NUM'],
    },
    actor: ['CIRCLE_USERNAME'],
    read: (env) => {
      const { CIRCLE_PROJECT_USERNAME: owner, CIRCLE_PROJECT_REPONAME: name } = env;
      return {
        // The branch of a pull request from a fork is `pull/7`.
        branch: /^pull\/\d+/.test(env.CIRCLE_BRANCH ?? '') ? undefined : env.CIRCLE_BRANCH,
        commit: env.CIRCLE_SHA1,
        pr: env.CIRCLE_PR_NUMBER || numberOf(env.CIRCLE_PULL_REQUEST),
        repo: nameRepository(env.CIRCLE_REPOSITORY_URL ?? '') ?? (owner && name ? `${owner}/${name}` : undefined),
      };
    },
  },
  // https://learn.microsoft.com/azure/devops/pipelines/build/variables
  {
    ...{ system: 'azure', is: 'TF_BUILD', pipeline: ['BUILD_DEFINITIONNAME'], run: ['BUILD_BUILDID'] },
    actor: ['BUILD_REQUESTEDFOR'],
    read: (env) => {
      const reference = env.SYSTEM_PULLREQUEST_SOURCEBRANCH || env.BUILD_SOURCEBRANCH || '';
      return {
        branch: /^refs\/heads\/(.+)$/.exec(reference)?.[1],
        commit: env.BUILD_SOURCEVERSION,
        pr: env.SYSTEM_PULLREQUEST_PULLREQUESTNUMBER || env.SYSTEM_PULLREQUEST_PULLREQUESTID,
        repo: nameRepository(env.BUILD_REPOSITORY_URI ?? '') ?? env.BUILD_REPOSITORY_NAME,
      };
    },
  },
  // https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/
  {
    ...{ system: 'bitbucket', is: 'BITBUCKET_COMMIT', pipeline: [], run: ['BITBUCKET_PIPELINE_UUID'] },
    actor: ['BITBUCKET_STEP_TRIGGERER_UUID'],
    read: (env) => ({
      branch: env.BITBUCKET_BRANCH,
      commit: env.BITBUCKET_COMMIT,
      pr: env.BITBUCKET_PR_ID,
      repo: env.BITBUCKET_REPO_FULL_NAME,
    }),
  },
  // https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables, and the git plugin's.
  {
    ...{ system: 'jenkins', is: 'JENKINS_URL', pipeline: ['JOB_NAME'], run: ['BUILD_TAG', 'BUILD_ID'] },
    actor: ['BUILD_USER_ID', 'CHANGE_AUTHOR'],
    read: (env) => {
      const branch = env.BRANCH_NAME || env.GIT_BRANCH?.replace(/^(?:refs\/heads\/|origin\/)/, '');
      return {
        branch: env.CHANGE_BRANCH || (env.CHANGE_ID || env.TAG_NAME ? undefined : branch),
        commit: env.GIT_COMMIT,
        pr: env.CHANGE_ID,
        repo: nameRepository(env.GIT_URL ?? ''),
      };
    },
  },
];

function findSystem(env: Env): CiSystem | undefined {
  return SYSTEMS.find(({ is }) => env[is]);
}

/** The number itself, or the one that an address ends with; undefined for `false` and the like. */
function numberOf(text: string | undefined): string | undefined {
  return /(?:^|\/)(\d+)$/.exec(text ?? '')?.[1];
}
