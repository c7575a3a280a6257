import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import pty from '@lydell/node-pty';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { waitFor } from '../../harness/wait.js';
import { createFolder } from '../../store/samples.js';

const USAGE = join(import.meta.dirname, '../../../bin/codex-usage.js');

/** What stands on the command line, the last word being completed, and what the shell must offer for it. */
const LINES: [string, string[]][] = [
  ['codex-usage d', ['daily', 'doctor']],
  ['codex-usage daily --unti', ['--until']],
  ['codex-usage daily --unit c', ['credits']],
  ['codex-usage completion z', ['zsh']],
  ['codex-usage help stat', ['statusline']],
  ['codex-metered --meter-budget-', ['--meter-budget-usd', '--meter-budget-tokens']],
];

describe.runIf(isThere('bash'))('bash', () => {
  it.each(LINES)('completes %s', async (line, offered) => {
    const complete = `
      read -ra COMP_WORDS <<< "$1"; COMP_CWORD=$((\${#COMP_WORDS[@]} - 1))
      spec=$(complete -p "\${COMP_WORDS[0]}"); function=\${spec##*-F }
      "\${function%% *}"; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await execa('bash', ['--norc', '-c', `source "$0"; ${complete}`, await script('bash'), line]);
    expect(stdout.split('\n')).toEqual(offered);
  });
});

describe.runIf(isThere('fish'))('fish', () => {
  it.each(LINES)('completes %s', async (line, offered) => {
    const folder = createFolder();
    const command = `source ${await script('fish')}; complete -C '${line}'`;
    const { stdout } = await execa('fish', ['--no-config', '-c', command], { env: { HOME: folder } });
    const words = stdout.split('\n').map((one) => one.split('\t')[0]);
    expect(words.sort()).toEqual([...offered].sort());
  });
});

describe.runIf(isThere('zsh'))('zsh', () => {
  it.each(LINES)('completes %s', async (line, offered) => {
    const folder = createFolder();
    const terminal = pty.spawn('zsh', ['-f', '-i'], {
      ...{ cols: 150, rows: 40, cwd: folder },
      env: { ...process.env, HOME: folder, ZDOTDIR: folder, TERM: 'xterm', PS1: '$ ' } as Record<string, string>,
    });
    let written = '';
    terminal.onData((data) => {
      written += data;
    });
    try {
      terminal.write(`autoload -Uz compinit; compinit -u -D; source ${await script('zsh')}; print re''ady\n`);
      await waitFor('zsh starts', () => written.includes('ready'));
      written = '';
      // Two of them list what is offered where it is more than one.
      terminal.write(`${line}\t\t`);
      const shows = (word: string) => stripVTControlCharacters(written).includes(word);
      await waitFor(`zsh completes ${line}`, () => offered.every(shows));
    } finally {
      terminal.kill('SIGKILL');
    }
  });
});

describe('the script for a completion', () => {
  it('names every command that the help names', async () => {
    const { stdout } = await execa(process.execPath, [USAGE, '--help']);
    const [, list = ''] = /\nCommands:\n([\s\S]+?)\n\n/.exec(stdout) ?? [];
    const commands = [...list.matchAll(/^ {2}([a-z]+)/gm)].map(([, name]) => name ?? '');
    expect(commands.length).toBeGreaterThan(10);
    for (const shell of ['bash', 'zsh', 'fish']) {
      const { stdout: text } = await execa(process.execPath, [USAGE, 'completion', shell]);
      expect(commands.filter((name) => !text.includes(name))).toEqual([]);
    }
  });

  it('is asked for with the name of a shell', async () => {
    const { exitCode, stderr } = await execa(process.execPath, [USAGE, 'completion'], { reject: false });
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining('bash, zsh, fish')]);
  });
});

async function script(shell: string): Promise<string> {
  const { stdout } = await execa(process.execPath, [USAGE, 'completion', shell]);
  const path = join(createFolder(), 'completion');
  writeFileSync(path, stdout);
  return path;
}

function isThere(shell: string): boolean {
  return spawnSync(shell, ['--version']).status === 0;
}
