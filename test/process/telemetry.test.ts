import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeCommand, mayKeepNoFile } from '../../src/process/argv.js';
import { mentionsTelemetry, reportsThroughProxy, telemetryEnv } from '../../src/process/telemetry.js';
import { createFolder } from '../store/samples.js';

const RUN = describeCommand(['exec', '--ephemeral']);
const SERVER = describeCommand(['app-server']);

describe('the runs that may keep no session file', () => {
  test.for([
    [['exec', '--ephemeral', 'fix'], true],
    [['exec', 'resume', '--last', '--ephemeral', 'fix'], true],
    [['app-server'], true],
    [['app-server', '--listen', 'ws://127.0.0.1:0'], true],
    [['exec', 'fix'], false],
    [['exec', '--remote', 'ws://127.0.0.1:1', '--ephemeral', 'fix'], false],
    [['app-server', 'daemon', 'start'], false],
    [['mcp-server'], false],
    [['login'], false],
    [[], false],
  ] as const)('%j: %s', ([args, may]) => {
    expect(mayKeepNoFile(describeCommand(args))).toBe(may);
  });
});

describe('the environment that Codex reports with', () => {
  test('has the secret, and a delay that is short for a run and longer for a server', () => {
    expect(telemetryEnv('s3', {}, RUN)).toEqual({
      OTEL_EXPORTER_OTLP_HEADERS: 'x-codex-metered=s3',
      OTEL_BLRP_SCHEDULE_DELAY: '20',
    });
    expect(telemetryEnv('s3', {}, SERVER)).toMatchObject({ OTEL_BLRP_SCHEDULE_DELAY: '100' });
  });

  test('keeps the headers and the delay that the user has set', () => {
    const env = {
      OTEL_EXPORTER_OTLP_HEADERS: 'a=1,b=2',
      OTEL_EXPORTER_OTLP_LOGS_HEADERS: 'c=3',
      OTEL_BLRP_SCHEDULE_DELAY: '5000',
    };
    expect(telemetryEnv('s3', env, RUN)).toEqual({
      OTEL_EXPORTER_OTLP_HEADERS: 'a=1,b=2,x-codex-metered=s3',
      OTEL_EXPORTER_OTLP_LOGS_HEADERS: 'c=3,x-codex-metered=s3',
      OTEL_BLRP_SCHEDULE_DELAY: '5000',
    });
  });

  test('has one secret, also within a run that is metered', () => {
    expect(telemetryEnv('inner', telemetryEnv('outer', {}, RUN), RUN)).toMatchObject({
      OTEL_EXPORTER_OTLP_HEADERS: 'x-codex-metered=inner',
    });
  });
});

test.for([
  [{}, false],
  [{ HTTPS_PROXY: 'http://proxy:8080' }, false],
  [{ HTTP_PROXY: 'http://proxy:8080' }, true],
  [{ http_proxy: 'http://proxy:8080' }, true],
  [{ ALL_PROXY: 'http://proxy:8080' }, true],
  [{ http_proxy: 'http://proxy:8080', no_proxy: 'localhost, 127.0.0.1' }, false],
  [{ HTTP_PROXY: 'http://proxy:8080', NO_PROXY: '*' }, false],
  [{ HTTP_PROXY: 'http://proxy:8080', NO_PROXY: 'example.com,127.0.0.12' }, true],
] as const)('with %j Codex reports through a proxy: %s', ([env, through]) => {
  expect(reportsThroughProxy(env)).toBe(through);
});

describe('what the user has said of telemetry is found', () => {
  test.for([
    ['in the configuration', 'home/config.toml', '[otel]\nexporter = "none"\n'],
    ['in a profile', 'home/work.config.toml', 'otel.exporter = "none"\n'],
    ["in the project's configuration", 'shop/.codex/config.toml', '[otel]\nenvironment = "dev"\n'],
    ["in the configuration of the project's parent", '.codex/config.toml', 'otel = {}\n'],
  ])('%s', ([, file = '', text = '']) => {
    const folder = createFolder();
    const folders = { codexHome: join(folder, 'home'), cwd: join(folder, 'shop', 'web') };
    expect(mentionsTelemetry(['exec', 'fix'], folders)).toBe(false);
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), text);
    expect(mentionsTelemetry(['exec', 'fix'], folders)).toBe(true);
  });

  test('in the arguments', () => {
    const folder = createFolder();
    for (const args of [
      ['-c', 'otel.exporter="none"', 'exec'],
      ['exec', '--config=otel.environment="dev"'],
    ]) {
      expect(mentionsTelemetry(args, { codexHome: folder, cwd: folder })).toBe(true);
    }
  });
});
