import { isPossibleTag, nameRepository, type Tag } from '../usage/tags.js';

type Values = Readonly<Record<'branch' | 'commit' | 'pr' | 'repo', string | undefined>>;
type Env = Readonly<Record<string, string | undefined>>;

/**
 * Reads what the variables of a CI system say of the work that it runs: branch, commit, pull request (or merge request, or change)
 * and repository. In a pull request the branch is its own, and the commit is the one that was checked out. Nothing outside of CI.
 */
export function readCiTags(env: Env): Tag[] {
  const found = SYSTEMS.find(({ is }) => env[is]);
  const tags = Object.entries(found?.read(env) ?? {}).flatMap(([key, value]) => (value ? [{ key, value }] : []));
  // Buildkite names HEAD where it does not know the commit yet.
  return tags.filter((tag) => isPossibleTag(tag) && (tag.key !== 'commit' || /^[0-9a-f]{7,64}$/i.test(tag.value)));
}

/** `is` is a variable that the system always sets. */
const SYSTEMS: readonly { readonly is: string; readonly read: (env: Env) => Values }[] = [
  { is: 'GITHUB_SHA', read: readGitHub },
  { is: 'GITLAB_CI', read: readGitLab },
  { is: 'BUILDKITE', read: readBuildkite },
  { is: 'CIRCLECI', read: readCircle },
  { is: 'TF_BUILD', read: readAzure },
  { is: 'BITBUCKET_COMMIT', read: readBitbucket },
  { is: 'JENKINS_URL', read: readJenkins },
];

/** https://docs.github.com/en/actions/reference/workflows-and-actions/variables */
function readGitHub(env: Env): Values {
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
}

/** https://docs.gitlab.com/ci/variables/predefined_variables/ */
function readGitLab(env: Env): Values {
  return {
    branch: env.CI_MERGE_REQUEST_SOURCE_BRANCH_NAME || (env.CI_COMMIT_TAG ? undefined : env.CI_COMMIT_REF_NAME),
    commit: env.CI_COMMIT_SHA,
    pr: env.CI_MERGE_REQUEST_IID,
    repo: env.CI_PROJECT_PATH,
  };
}

/** https://buildkite.com/docs/pipelines/configure/environment-variables */
function readBuildkite(env: Env): Values {
  return {
    branch: env.BUILDKITE_TAG ? undefined : env.BUILDKITE_BRANCH,
    commit: env.BUILDKITE_COMMIT,
    pr: numberOf(env.BUILDKITE_PULL_REQUEST),
    repo: nameRepository(env.BUILDKITE_REPO ?? ''),
  };
}

/** https://circleci.com/docs/reference/variables/ */
function readCircle(env: Env): Values {
  const { CIRCLE_PROJECT_USERNAME: owner, CIRCLE_PROJECT_REPONAME: name } = env;
  return {
    // The branch of a pull request from a fork is `pull/7`.
    branch: /^pull\/\d+/.test(env.CIRCLE_BRANCH ?? '') ? undefined : env.CIRCLE_BRANCH,
    commit: env.CIRCLE_SHA1,
    pr: env.CIRCLE_PR_NUMBER || numberOf(env.CIRCLE_PULL_REQUEST),
    repo: nameRepository(env.CIRCLE_REPOSITORY_URL ?? '') ?? (owner && name ? `${owner}/${name}` : undefined),
  };
}

/** https://learn.microsoft.com/azure/devops/pipelines/build/variables */
function readAzure(env: Env): Values {
  const reference = env.SYSTEM_PULLREQUEST_SOURCEBRANCH || env.BUILD_SOURCEBRANCH || '';
  return {
    branch: /^refs\/heads\/(.+)$/.exec(reference)?.[1],
    commit: env.BUILD_SOURCEVERSION,
    pr: env.SYSTEM_PULLREQUEST_PULLREQUESTNUMBER || env.SYSTEM_PULLREQUEST_PULLREQUESTID,
    repo: nameRepository(env.BUILD_REPOSITORY_URI ?? '') ?? env.BUILD_REPOSITORY_NAME,
  };
}

/** https://support.atlassian.com/bitbucket-cloud/docs/variables-and-secrets/ */
function readBitbucket(env: Env): Values {
  return {
    branch: env.BITBUCKET_BRANCH,
    commit: env.BITBUCKET_COMMIT,
    pr: env.BITBUCKET_PR_ID,
    repo: env.BITBUCKET_REPO_FULL_NAME,
  };
}

/** https://www.jenkins.io/doc/book/pipeline/jenkinsfile/#using-environment-variables, and the git plugin's. */
function readJenkins(env: Env): Values {
  const branch = env.BRANCH_NAME || env.GIT_BRANCH?.replace(/^(?:refs\/heads\/|origin\/)/, '');
  return {
    branch: env.CHANGE_BRANCH || (env.CHANGE_ID || env.TAG_NAME ? undefined : branch),
    commit: env.GIT_COMMIT,
    pr: env.CHANGE_ID,
    repo: nameRepository(env.GIT_URL ?? ''),
  };
}

/** The number itself, or the one that an address ends with; undefined for `false` and the like. */
function numberOf(text: string | undefined): string | undefined {
  return /(?:^|\/)(\d+)$/.exec(text ?? '')?.[1];
}
