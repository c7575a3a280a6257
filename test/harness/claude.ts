import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

const VERSION = '2.1.332';
const FOLDER = fileURLToPath(new URL(`../../build/claude/${VERSION}`, import.meta.url));

/** What `claude -p --output-format json` says at its end. */
export interface ClaudeResult {
  readonly session_id: string;
  readonly total_cost_usd: number;
}

/** Installs Claude Code from npm, once, and returns its `claude`: with 380 MB it is too large to depend on. */
export async function installClaude(): Promise<string> {
  const claude = join(FOLDER, 'node_modules', '.bin', 'claude');
  if (existsSync(claude)) return claude;
  mkdirSync(FOLDER, { recursive: true });
  const claudeCode = `@anthropic-ai/claude-code@${VERSION}`;
  await execa('npm', ['install', '--prefix', FOLDER, '--no-save', '--silent', '--foreground-scripts', claudeCode]);
  return claude;
}

/** Runs Claude Code on a home of its own, against `apiUrl` alone. */
export async function runClaude(
  claude: string,
  args: readonly string[],
  { home, workTree, apiUrl }: { home: string; workTree: string; apiUrl: string },
): Promise<ClaudeResult> {
  const { stdout } = await execa(claude, ['-p', '--output-format', 'json', '--model', 'claude-sonnet-4-5', ...args], {
    cwd: workTree,
    stdin: 'ignore',
    extendEnv: false,
    env: {
      PATH: process.env.PATH,
      HOME: home,
      ANTHROPIC_BASE_URL: apiUrl,
      ANTHROPIC_API_KEY: 'none',
      CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      DISABLE_AUTOUPDATER: '1',
      IS_SANDBOX: '1',
    },
  });
  return JSON.parse(stdout) as ClaudeResult;
}
