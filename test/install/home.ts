import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

/** A session that every way of installing must show. */
const SESSION = new URL('../../fixtures/0.169.0/', import.meta.url);

/** A person's home on a machine that has Node and a package manager, with install scripts switched off. */
export class Home {
  readonly folder = mkdtempSync(join(tmpdir(), 'codex-metered-install-'));
  readonly #env: NodeJS.ProcessEnv;

  constructor(registry: string, bins: readonly string[], prebuilt: string | undefined) {
    const { folder } = this;
    const commands = ['npm/bin', 'pnpm', 'pnpm/bin', '.bun/bin', 'yarn/bin'].map((path) => join(folder, path));
    this.#env = {
      ...withoutOurs(process.env),
      PATH: [...commands, ...bins, process.env.PATH].join(delimiter),
      HOME: folder,
      USERPROFILE: folder,
      PNPM_HOME: join(folder, 'pnpm'),
      BUN_INSTALL: join(folder, '.bun'),
      CODEX_HOME: join(folder, '.codex'),
      // What its install script would fetch from elsewhere, or compile for minutes.
      npm_config_better_sqlite3_local_prebuilds: prebuilt,
    };
    const npmrc = [`registry=${registry}`, `prefix=${join(folder, 'npm')}`, 'update-notifier=false', 'fund=false'];
    writeFileSync(join(folder, '.npmrc'), `${npmrc.join('\n')}\n`);
    writeFileSync(join(folder, '.bunfig.toml'), `[install]\nregistry = "${registry}"\n`);
    const yarnrc = { registry, prefix: join(folder, 'yarn'), 'global-folder': join(folder, '.config/yarn/global') };
    const lines = Object.entries(yarnrc).map(([name, value]) => `${name} "${value}"\n`);
    writeFileSync(join(folder, '.yarnrc'), `${lines.join('')}ignore-scripts true\n`);
    mkdirSync(join(folder, 'pnpm', 'bin'), { recursive: true });
    this.#addSession();
  }

  /** Runs what a person types, in a folder of no project; `npm` has its install scripts off as well. */
  async type(command: string): Promise<{ readonly exitCode: number | undefined; readonly output: string }> {
    const { exitCode, all } = await execa(command, {
      ...{ shell: true, cwd: this.folder, extendEnv: false, all: true, reject: false, stdin: 'ignore' },
      env: /^np[mx] /.test(command)
        ? { ...this.#env, npm_config_ignore_scripts: 'true', npm_config_yes: 'true' }
        : this.#env,
    });
    return { exitCode, output: all ?? '' };
  }

  /** How many packages lie below `where`, and how many megabytes they take. */
  measure(where: string): { readonly packages: number; readonly megabytes: number } {
    const files = readdirSync(join(this.folder, where), { recursive: true, withFileTypes: true });
    const manifests = new Set<string>();
    let bytes = 0;
    for (const file of files) {
      if (!file.isFile() || /[\\/](store|cache)[\\/]v?\d*[\\/]files|[\\/]_cacache/.test(file.parentPath)) continue;
      const path = join(file.parentPath, file.name);
      bytes += statSync(path).size;
      const [, name] = /[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+)[\\/]package\.json$/.exec(path) ?? [];
      if (name) manifests.add(name);
    }
    return { packages: manifests.size, megabytes: bytes / 1e6 };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #addSession(): void {
    const sessions = join(this.folder, '.codex', 'sessions', '2026', '03', '04');
    mkdirSync(sessions, { recursive: true });
    const folder = fileURLToPath(SESSION);
    for (const file of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
      if (file.endsWith('.jsonl')) copyFileSync(join(folder, file), join(sessions, basename(file)));
    }
  }
}

/** What a machine's environment says of certificates and proxies stays; what npm tells its scripts does not. */
function withoutOurs(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(npm_|CODEX_|INIT_CWD|XDG_)/.test(name)));
}
