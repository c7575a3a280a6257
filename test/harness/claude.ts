import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

/** The release that the tests run. */
const CLAUDE_VERSION = '2.1.332';
const FOLDER = fileURLToPath(new URL(`../../build/claude/${CLAUDE_VERSION}`, import.meta.url));
const INSTALL_MS = 300_000;
const MODEL = 'claude-sonnet-4-5';

type ModelUsage = Record<'inputTokens' | 'outputTokens' | 'cacheReadInputTokens' | 'cacheCreationInputTokens', number>;

/** What `claude -p --output-format json` says at its end. */
export interface ClaudeResult {
  readonly session_id: string;
  /** Of the session so far, and of those that it goes on from. */
  readonly total_cost_usd: number;
  readonly modelUsage: Readonly<Record<string, Readonly<ModelUsage>>>;
}

export type InstalledClaude =
  | { readonly kind: 'installed'; readonly path: string }
  | { readonly kind: 'unavailable'; readonly reason: string };

/** Installs Claude Code from npm, once: with 380 MB it is too large to depend on. Says why where the registry gives nothing. */
export async function installClaude(): Promise<InstalledClaude> {
  const path = join(FOLDER, 'node_modules', '.bin', 'claude');
  if (existsSync(path)) return { kind: 'installed', path };
  mkdirSync(dirname(FOLDER), { recursive: true });
  const part = mkdtempSync(`${FOLDER}.part-`);
  const claudeCode = `@anthropic-ai/claude-code@${CLAUDE_VERSION}`;
  try {
    const options = ['--no-save', '--silent', '--foreground-scripts'];
    await execa('npm', ['install', '--prefix', part, ...options, claudeCode], { timeout: INSTALL_MS });
    // Another test file may have been faster.
    if (!existsSync(FOLDER)) renameSync(part, FOLDER);
    return { kind: 'installed', path };
  } catch (error) {
    const reason = `npm did not install ${claudeCode}: ${String(error).split('\n')[0]}`;
    console.warn(`Tests on real Claude Code do not run. ${reason}`);
    return { kind: 'unavailable', reason };
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
}

/** Runs Claude Code on a home of its own, against `apiUrl` alone. */
export async function runClaude(
  claude: string,
  args: readonly string[],
  {
    home,
    workTree,
    apiUrl,
    model = MODEL,
  }: Readonly<Record<'home' | 'workTree' | 'apiUrl', string>> & { model?: string },
): Promise<ClaudeResult> {
  const { stdout } = await execa(claude, ['-p', '--output-format', 'json', '--model', model, ...args], {
    cwd: workTree,
    stdin: 'ignore',
    timeout: 60_000,
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
