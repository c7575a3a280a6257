import { expect, test } from 'vitest';
import { readSurroundings } from '../../src/meter/surroundings.js';

test.each([
  ['nothing', { HOME: '/home/ada', USER: 'ada' }, undefined],
  ['a user who is named', { CODEX_METERED_USER: 'ada' }, { user: 'ada' }],
  [
    'labels of the work, and not of the machine',
    {
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=x,team=core,host.name=h,cost_center=42',
      CODEX_METERED_LABELS: 'team=web',
    },
    { labels: { team: 'web', cost_center: '42' } },
  ],
  [
    'a job of GitHub',
    { GITHUB_SHA: 'abcdef0', GITHUB_WORKFLOW: 'CI', GITHUB_RUN_ID: '7', GITHUB_REPOSITORY: 'a/b', GITHUB_ACTOR: 'ada' },
    { user: 'ada', ci: { system: 'github', pipeline: 'CI', run: '7', repository: 'a/b' } },
  ],
  [
    'a job of GitLab, for somebody else',
    {
      GITLAB_CI: 'true',
      CI_JOB_NAME: 'test',
      CI_PIPELINE_ID: '8',
      GITLAB_USER_LOGIN: 'ada',
      CODEX_METERED_USER: 'grace',
    },
    { user: 'grace', ci: { system: 'gitlab', pipeline: 'test', run: '8' } },
  ],
  [
    'a job of Buildkite',
    { BUILDKITE: 'true', BUILDKITE_PIPELINE_SLUG: 'shop', BUILDKITE_BUILD_ID: 'x', BUILDKITE_BUILD_CREATOR: 'Ada' },
    { user: 'Ada', ci: { system: 'buildkite', pipeline: 'shop', run: 'x' } },
  ],
  [
    'a job of CircleCI',
    { CIRCLECI: 'true', CIRCLE_JOB: 'build', CIRCLE_WORKFLOW_ID: 'w', CIRCLE_USERNAME: 'ada' },
    { user: 'ada', ci: { system: 'circleci', pipeline: 'build', run: 'w' } },
  ],
  [
    'a job of Jenkins',
    { JENKINS_URL: 'http://j', JOB_NAME: 'shop', BUILD_TAG: 't' },
    { ci: { system: 'jenkins', pipeline: 'shop', run: 't' } },
  ],
])('an environment can tell of %s', (_what, env, expected) => {
  expect(readSurroundings(env)).toEqual(expected);
});

test('of a hundred labels some are kept, and none that is too long', () => {
  const labels = Array.from({ length: 100 }, (_, n) => `k${n}=${n}`).join(',');
  const found = readSurroundings({ CODEX_METERED_LABELS: `${labels},long=${'x'.repeat(1000)}` });
  expect(Object.keys(found?.labels ?? {})).toHaveLength(16);
});
