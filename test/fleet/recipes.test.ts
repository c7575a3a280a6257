import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { parse } from 'yaml';
import { test } from '../harness/test.js';
import { CODEX, METERED, USAGE, type Workbench } from '../harness/workbench.js';
import { endPushes } from './fleet.js';
import { NO_POSTGRES, type PostgresServer, startPostgres } from './postgres-server.js';

const PAGE = readFileSync(new URL('../../docs/fleet.md', import.meta.url), 'utf8');
const BLOCKS = [...PAGE.matchAll(/^```(sh|yaml)\n(.*?)^```$/gms)].map(([, language = '', text = '']) => ({
  language,
  text,
}));
const [makeDatabase = '', setTarget = '', pushOnce = '', ask = ''] = textsOf('sh');
const [github = '', gitlab = '', spool = ''] = textsOf('yaml');

interface Job {
  readonly env: Record<string, string>;
  readonly steps: readonly { readonly run?: string }[];
}

function textsOf(language: string): string[] {
  return BLOCKS.filter((block) => block.language === language).map(({ text }) => text);
}

/** What CI runs, but for the installation: the programs are here. */
function stepsOf(lines: readonly (string | undefined)[]): string[] {
  return lines.flatMap((line) => (line === undefined || line.startsWith('npm install') ? [] : [line]));
}

describe.skipIf(NO_POSTGRES !== undefined)('what docs/fleet.md says, copied by a new user', () => {
  let server: PostgresServer;
  let admin: NodeJS.ProcessEnv;
  beforeAll(async () => {
    server = await startPostgres(undefined, { auth: 'scram-sha-256' });
    const client = await server.connect('postgres');
    await client.query("CREATE ROLE owner LOGIN CREATEDB PASSWORD 'of the owner'");
    await client.end();
    admin = { PGHOST: '127.0.0.1', PGPORT: String(server.port), PGUSER: server.admin, PGPASSWORD: server.password };
  });
  afterAll(() => server?.stop());

  /** A shell in an empty home, with the three programs on its path. */
  const openShell = (bench: Workbench) => {
    const [bin, home] = [join(bench.folder, 'bin'), join(bench.folder, 'home')];
    for (const folder of [bin, home]) mkdirSync(folder);
    for (const [name, path] of Object.entries({ codex: CODEX, 'codex-metered': METERED, 'codex-usage': USAGE })) {
      symlinkSync(path, join(bin, name));
    }
    const {
      CODEX_METERED_DB: _db,
      CODEX_METERED_STATE_DIR: _state,
      CODEX_METERED_CODEX: _codex,
      ...around
    } = bench.env;
    return async (script: string, env: NodeJS.ProcessEnv = {}) => {
      const here = script.replaceAll('db.example.com', `127.0.0.1:${server.port}`);
      const ran = await execa('bash', ['-e', '-o', 'pipefail', '-c', here], {
        ...{ cwd: bench.workTree, extendEnv: false, reject: false, all: true, stdin: 'ignore' },
        env: { ...around, HOME: home, PATH: `${bin}:${around.PATH}`, ...env },
      });
      expect(ran.all, here).not.toMatch(/error/i);
      expect(ran.exitCode, `${here}\n${ran.all}`).toBe(0);
      return String(ran.stdout);
    };
  };

  test('makes a database, a target and a record of a fleet, in GitHub and GitLab too', async ({ bench }) => {
    const shell = openShell(bench);
    const turn = { prompt: '…', replies: [{ message: 'Done.', usage: { input: 1000, output: 10 } }] };
    bench.api.add(turn, turn, turn, turn);
    const owner = {
      ...admin,
      PGUSER: 'owner',
      PGPASSWORD: 'of the owner',
      CODEX_METERED_FLEET_PASSWORD: 'of the owner',
    };
    const roles = await shell(makeDatabase, owner);
    await shell(
      `psql usage -v ON_ERROR_STOP=1 <<'END'\n${roles.slice(roles.indexOf('-- CREATE ROLE'), roles.indexOf('\nRun this'))}\nEND`,
      admin,
    );

    // On a machine.
    await shell(setTarget.replace('the password', 'choose one'));
    await shell('codex-metered exec --skip-git-repo-check "…"');
    await endPushes(join(bench.folder, 'home'));
    expect(await shell(pushOnce)).toMatch(/"user": "ada"[\s\S]*work/);
    expect(await shell(ask, { PGPASSWORD: 'choose another' })).toMatch(/ada +\| shop +\| +0\.00/);

    // In CI, each job in a home of its own.
    const job = parse(github) as Job;
    const secret = { CODEX_METERED_FLEET_PASSWORD: 'choose one' };
    const url = String(job.env['CODEX_METERED_FLEET_URL']).replace('db.example.com', `127.0.0.1:${server.port}`);
    const { codex } = parse(gitlab) as { codex: Record<string, string[]> & { variables: Record<string, string> } };
    expect(codex.variables['CODEX_METERED_FLEET_URL']).toBe(job.env['CODEX_METERED_FLEET_URL']);
    const jobs = {
      github: {
        env: { GITHUB_SHA: 'abcdef0', GITHUB_ACTIONS: 'true', GITHUB_ACTOR: 'grace' },
        steps: job.steps.map(({ run }) => run),
      },
      gitlab: {
        env: { GITLAB_CI: 'true', GITLAB_USER_LOGIN: 'linus' },
        steps: [...(codex['script'] ?? []), ...(codex['after_script'] ?? [])],
      },
    };
    for (const [name, { env, steps }] of Object.entries(jobs)) {
      const home = join(bench.folder, name);
      mkdirSync(home);
      for (const step of stepsOf(steps)) {
        await shell(step, { HOME: home, CODEX_METERED_FLEET_URL: url, ...secret, ...env });
      }
      await endPushes(home);
    }

    // Without a network: the artifact is sent by another machine.
    const home = join(bench.folder, 'offline');
    mkdirSync(home);
    const offline = {
      HOME: home,
      CODEX_METERED_FLEET_URL: 'postgres://usage_pusher@127.0.0.1:1/usage',
      GITHUB_SHA: 'abcdef0',
      GITHUB_ACTOR: 'edsger',
    };
    await shell('codex-metered exec "…"', { ...offline, GITHUB_ACTIONS: 'true' });
    await endPushes(home);
    for (const step of stepsOf((parse(spool) as Job['steps']).map(({ run }) => run)))
      await shell(step, { ...offline, GITHUB_ACTIONS: 'true' });
    expect(readdirSync(join(bench.workTree, 'out'))).toHaveLength(1);
    await shell('codex-usage push --from out/');
    expect(readdirSync(join(bench.workTree, 'out'))).toEqual([]);

    const users = 'SELECT user_name, sum(responses) FROM codex_metered.users_monthly GROUP BY 1 ORDER BY 1';
    expect(await shell(`psql usage -Atc "${users}"`, admin)).toBe('ada|1\nedsger|1\ngrace|1\nlinus|1');
  }, 120_000);
});
