import { describe, expect, it } from 'vitest';
import { readCiTags } from '../../src/meter/ci-tags.js';
import { toTagsJson } from '../../src/usage/tags.js';

const SHA = '0123456789abcdef0123456789abcdef01234567';

describe('the tags of CI', () => {
  it.each([
    [
      'a branch in GitHub Actions',
      { GITHUB_SHA: SHA, GITHUB_REF: 'refs/heads/a/b', GITHUB_REF_NAME: 'a/b', GITHUB_REPOSITORY: 'acme/shop' },
      { branch: 'a/b', commit: SHA, repo: 'acme/shop' },
    ],
    [
      'a pull request in GitHub Actions',
      { GITHUB_SHA: SHA, GITHUB_REF: 'refs/pull/7/merge', GITHUB_REF_NAME: '7/merge', GITHUB_HEAD_REF: 'fix' },
      { branch: 'fix', commit: SHA, pr: '7' },
    ],
    [
      'a tag in GitHub Actions',
      {
        GITHUB_SHA: SHA,
        GITHUB_REF: 'refs/tags/v1',
        GITHUB_REF_NAME: 'v1',
        GITHUB_REF_TYPE: 'tag',
        GITHUB_HEAD_REF: '',
      },
      { commit: SHA },
    ],
    [
      'a branch in GitLab',
      { GITLAB_CI: 'true', CI_COMMIT_REF_NAME: 'main', CI_COMMIT_SHA: SHA, CI_PROJECT_PATH: 'acme/tools/shop' },
      { branch: 'main', commit: SHA, repo: 'acme/tools/shop' },
    ],
    [
      'a merge request in GitLab',
      { GITLAB_CI: 'true', CI_MERGE_REQUEST_SOURCE_BRANCH_NAME: 'fix', CI_MERGE_REQUEST_IID: '7', CI_COMMIT_SHA: SHA },
      { branch: 'fix', commit: SHA, pr: '7' },
    ],
    [
      'Buildkite, which knows no commit yet',
      {
        ...{ BUILDKITE: 'true', BUILDKITE_BRANCH: 'main', BUILDKITE_COMMIT: 'HEAD', BUILDKITE_PULL_REQUEST: 'false' },
        BUILDKITE_REPO: 'git@github.com:acme/shop.git',
      },
      { branch: 'main', repo: 'acme/shop' },
    ],
    [
      'a pull request in CircleCI',
      {
        ...{ CIRCLECI: 'true', CIRCLE_BRANCH: 'pull/7', CIRCLE_SHA1: SHA, CIRCLE_PROJECT_USERNAME: 'acme' },
        ...{ CIRCLE_PROJECT_REPONAME: 'shop', CIRCLE_PULL_REQUEST: 'https://github.com/acme/shop/pull/7' },
      },
      { commit: SHA, pr: '7', repo: 'acme/shop' },
    ],
    [
      'a pull request in Azure Pipelines',
      {
        ...{ TF_BUILD: 'True', BUILD_SOURCEBRANCH: 'refs/pull/7/merge', BUILD_SOURCEVERSION: SHA },
        ...{ SYSTEM_PULLREQUEST_SOURCEBRANCH: 'refs/heads/fix', SYSTEM_PULLREQUEST_PULLREQUESTID: '7' },
        BUILD_REPOSITORY_URI: 'https://acme@dev.azure.com/acme/platform/_git/shop',
      },
      { branch: 'fix', commit: SHA, pr: '7', repo: 'acme/platform/shop' },
    ],
    [
      'Bitbucket',
      { BITBUCKET_COMMIT: SHA, BITBUCKET_BRANCH: 'main', BITBUCKET_PR_ID: '7', BITBUCKET_REPO_FULL_NAME: 'acme/shop' },
      { branch: 'main', commit: SHA, pr: '7', repo: 'acme/shop' },
    ],
    [
      'a change in Jenkins',
      { JENKINS_URL: 'http://ci', BRANCH_NAME: 'PR-7', CHANGE_ID: '7', CHANGE_BRANCH: 'fix', GIT_COMMIT: SHA },
      { branch: 'fix', commit: SHA, pr: '7' },
    ],
    [
      'a branch in Jenkins',
      {
        JENKINS_URL: 'http://ci',
        GIT_BRANCH: 'origin/main',
        GIT_COMMIT: SHA,
        GIT_URL: 'https://u:p@host/acme/shop.git',
      },
      { branch: 'main', commit: SHA, repo: 'acme/shop' },
    ],
    ['no CI', { GIT_BRANCH: 'main', GITHUB_TOKEN: 'secret' }, {}],
    ['values that cannot be tags', { GITHUB_SHA: 'not a hash', GITHUB_REF_NAME: 'a\u001bb' }, {}],
  ])('are those of %s', (_, env, tags) => {
    expect(toTagsJson(readCiTags(env))).toEqual(tags);
  });
});
