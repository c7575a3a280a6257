import { describe, expect, it } from 'vitest';
import { recordedIn, runUsage } from '../../harness/codex-usage.js';
import { sampleInvocation, sampleResponse } from '../../store/samples.js';

/** A name that is a formula, clears a screen, writes itself backwards, and is HTML and Markdown. */
const NAME = '=1+1\u001b[2J\u202e\u009b|`x`<img src=a>\r\n# b\u0007';
const SHOWN = '=1+1\\x1b[2J\\u202e\\x9b|`x`<img src=a>\\r\\n# b\\x07';
/** What a terminal obeys, line breaks and the colours of ours aside, and what reorders text. */
const OBEYED = /[^\P{Cc}\n]|[\u202a-\u202e\u2066-\u2069\u2028\u2029]/u;

function createDatabase(): string {
  const nowMs = Date.now();
  const response = { threadId: NAME, completedAtMs: nowMs };
  const attribution = { projectId: NAME, runId: NAME };
  const limit = { provider: 'codex', limitId: NAME, windowMinutes: 300, usedPercent: 95 } as const;
  return recordedIn([
    {
      invocation: sampleInvocation('one', { attribution, cwd: NAME, startedAtMs: nowMs }),
      update: { threadId: NAME, status: 'completed', codexVersion: NAME, endedAtMs: nowMs },
      responses: [
        sampleResponse('1', { ...response, model: NAME, serviceTier: NAME }),
        sampleResponse('2', { ...response, model: `${NAME} unpriced`, costNanoUsd: undefined }),
      ],
      notes: [{ kind: 'fault', reason: NAME, figures: { [NAME]: NAME } }],
      rateLimits: [{ ...limit, resetsAtMs: nowMs + 60_000, observedAtMs: nowMs }],
    },
  ]);
}

const COMMANDS = [
  ...['run', 'session'].flatMap((one) => ['', ' --list', ' --breakdown --notes', ' --chart'].map((more) => one + more)),
  ...['daily', 'weekly', 'monthly', 'model', 'project', 'phase'].flatMap((one) => [
    `${one} --breakdown`,
    `${one} --chart`,
  ]),
  ...['blocks', 'why', 'prices', 'doctor', 'statusline', 'statusline --format {run_id}{windows}', 'config', 'mirror'],
  ...['reprice --dry-run', 'run nowhere', 'run --project nowhere', 'export --project nowhere'],
].map((line) => line.split(' '));

describe('a name with control characters and markup', () => {
  it.each([
    ...COMMANDS,
    ...[
      ['run', NAME],
      ['daily', NAME],
      ['budget', '--run', NAME],
      ['run', '--phase', NAME],
    ],
    ...[
      ['daily', '--project', `${NAME}x`],
      ['daily', '--model', `${NAME}x`],
      ['watch', '--once', '--project', `${NAME}x`],
    ],
  ])('is shown by codex-usage %j so that no terminal obeys it', async (...args) => {
    const env = { CODEX_METERED_PROJECT: NAME, CODEX_METERED_BUDGET_USD: 'run=1' };
    const { stdout, stderr } = await runUsage(args, { database: createDatabase(), env });
    expect(`${stdout}${stderr}`).not.toMatch(OBEYED);
    expect(`${stdout}${stderr}`).not.toBe('');
  });

  it('is shown with visible escapes, and as it is in JSON', async () => {
    const database = createDatabase();
    const { stdout } = await runUsage(['project'], { database, env: { COLUMNS: '200' } });
    expect(stdout).toContain(SHOWN);
    expect(JSON.parse((await runUsage(['run', '--json'], { database })).stdout)).toMatchObject({ runId: NAME });
  });

  it.each([[['run', '--markdown', '--notes']], [['run', '--markdown', '--breakdown']], [['why', '--markdown']]])(
    'is only text in the Markdown of codex-usage %j',
    async (args) => {
      const { stdout } = await runUsage(args, { database: createDatabase() });
      expect(stdout).toContain('=1+1');
      expect(stdout).not.toMatch(OBEYED);
      // Of what is not escaped with a backslash: our own table, headings and folded notes.
      const active = stdout.replaceAll(/\\./g, '').replaceAll(/<\/?(details|summary)>/g, '');
      expect(active).not.toMatch(/[<>`]/);
      const rows = active.split('\n').filter((line) => line.startsWith('|'));
      expect(new Set(rows.map((row) => row.split('|').length)).size).toBe(1);
    },
  );

  it('is no formula in CSV, but with --raw, and numbers stay numbers', async () => {
    const database = createDatabase();
    for (const what of ['responses', 'days']) {
      const safe = (await runUsage(['export', what], { database })).stdout;
      const raw = (await runUsage(['export', what, '--raw'], { database })).stdout;
      expect(safe).toContain(`,"'${NAME}",`);
      expect(safe).not.toContain(`,"${NAME}`);
      expect(raw).toContain(`,"${NAME}",`);
      expect(safe.replaceAll(`"'=`, '"=')).toBe(raw);
    }
  });
});
