import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadSettings } from '../../src/config/load.js';
import { createFolder } from '../store/samples.js';

const WORK = '[fleet.work]\nurl = "postgres://pusher@db.example.com/usage"\n';

/** The targets that are set by a file of the user's, or of the project's, and by the environment. */
async function load(
  text: string,
  { env = {}, of = 'user' }: { env?: NodeJS.ProcessEnv; of?: 'user' | 'project' } = {},
) {
  const root = createFolder();
  const folder = of === 'user' ? join(root, 'config', 'codex-metered') : root;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'codex-metered.toml'), text);
  const places = { cwd: root, root, env: { XDG_CONFIG_HOME: join(root, 'config'), ...env } };
  return { folder, targets: (await loadSettings(() => undefined, places)).fleet };
}

describe('a target of the fleet', () => {
  it('has what its table says, and defaults for the rest', async () => {
    const { folder, targets } = await load(
      `${WORK}password_file = "secret"\nuser = "ada"\nlabels = { team = "core" }\nprojects = ["shop"]\nwait = "5s"\n`,
    );
    expect(targets).toEqual([
      {
        origin: 'user file',
        place: `${join(folder, 'codex-metered.toml')}:1`,
        value: {
          ...{ name: 'work', url: 'postgres://pusher@db.example.com/usage', passwordFile: join(folder, 'secret') },
          ...{ passwordCommand: undefined, user: 'ada', labels: { team: 'core' }, projects: ['shop'], except: [] },
          ...{ names: 'plain', namesKeyFile: undefined, sendThreads: false, history: undefined, waitMs: 5000 },
          ...{ allowInsecure: false, detail: 'responses', logs: false, conventions: 'genai-0.1' },
        },
      },
    ]);
  });

  it('is set by variables too, which also change those of the file', async () => {
    const env = {
      ...{ CODEX_METERED_FLEET_URL: 'postgres://db/usage', CODEX_METERED_FLEET_WAIT: '250ms' },
      CODEX_METERED_FLEET_DETAIL: 'invocations',
      ...{ CODEX_METERED_USER: 'grace', CODEX_METERED_LABELS: 'team=core, place=a%2Cb,nonsense' },
    };
    const { targets } = await load(`${WORK}user = "ada"\nlabels = { team = "x" }\n`, { env });
    const labels = { team: 'core', place: 'a,b' };
    expect(targets.map(({ value }) => value)).toMatchObject([
      { name: 'environment', url: 'postgres://db/usage', user: 'grace', labels, waitMs: 250, detail: 'invocations' },
      { name: 'work', user: 'grace', labels, waitMs: 250, detail: 'responses' },
    ]);
    const wrong = { ...env, CODEX_METERED_FLEET_DETAIL: 'buckets' };
    await expect(load('', { env: wrong })).rejects.toThrow(
      /CODEX_METERED_FLEET_DETAIL: "buckets" must be "responses" or/,
    );
  });

  it('is refused in the file of a project, which could be of anybody', async () => {
    await expect(load(WORK, { of: 'project' })).rejects.toThrow(
      /:1: targets of the fleet are read from the user's own file/,
    );
  });

  it.each([
    ['[fleet.work]\n', /fleet\.work\.url is missing/],
    ['[fleet."a/b"]\nurl = "postgres://db/usage"\n', /fleet\.a\/b is no name for a target/],
    ['[fleet.work]\nurl = "mysql://db/usage"\n', /fleet\.work\.url must be such as "postgres:/],
    ['[fleet.work]\nurl = "postgres://db"\n', /names no database/],
    ['[fleet.work]\nurl = "postgres://db/usage?sslmode=prefer"\n', /has an sslmode that is none of/],
    ['[fleet.work]\nurl = "postgres://db/usage?options=x"\n', /has the parameter options/],
    ['[fleet.work]\nurl = "postgres://a:hunter2@db/usage"\n', /holds a password, which is refused there/],
    [`${WORK}passwordfile = "x"\n`, /did you mean "fleet\.work\.password_file"|did you mean "password_file"/],
    [`${WORK}password_file = "x"\npassword_command = ["x"]\n`, /password_command cannot be set beside password_file/],
    [`${WORK}projects = ["a"]\nexcept = ["b"]\n`, /except cannot be set beside projects/],
    [`${WORK}names = "hashed"\n`, /needs names_key_file/],
    [`${WORK}wait = "5"\n`, /must be a duration such as "5s"/],
    [
      `${WORK}labels = { a = "1", b = "1", c = "1", d = "1", e = "1", f = "1", g = "1", h = "1", i = "1" }\n`,
      /more than 8/,
    ],
  ])('is refused where it says %j', async (text, message) => {
    const failure = await load(text).then(
      () => '',
      (error: Error) => error.message,
    );
    expect(failure).toMatch(message);
    expect(failure).not.toContain('hunter2');
  });
});
