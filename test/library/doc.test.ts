import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { describe, expect, onTestFinished } from 'vitest';
import { readRecord } from '../harness/record.js';
import { test } from '../harness/test.js';
import type { Workbench } from '../harness/workbench.js';
import { answerLikeOpenAI, startOpenAIServer } from '../scripted-api/openai.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const DOC = readFileSync(join(ROOT, 'docs', 'library.md'), 'utf8');
const SNIPPETS = [...DOC.matchAll(/```ts\n(.*?)```/gs)].map(([, code = '']) => code);

/** A program of a user: the package as it is built, imported by its name. */
function createProgram(bench: Workbench): string {
  const folder = join(bench.folder, 'program');
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  symlinkSync(ROOT, join(folder, 'node_modules', 'codex-metered'));
  for (const name of ['openai', 'ai', '@ai-sdk', '@langchain', '@types'])
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  SNIPPETS.forEach((code, index) => {
    writeFileSync(join(folder, `snippet-${index}.ts`), code);
  });
  return folder;
}

describe('the document of the library', () => {
  test('has snippets that compile against the package’s types', async ({ bench }) => {
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const options = ['--noEmit', '--strict', '--target', 'es2023', '--module', 'nodenext', '--types', 'node'];
    const cwd = createProgram(bench);
    // Types of these clients have faults of their own, which only a check of all that is imported would find.
    const isOthers = (code: string) => /@ai-sdk|@langchain/.test(code);
    for (const others of [false, true]) {
      const files = SNIPPETS.flatMap((code, index) => (isOthers(code) === others ? `snippet-${index}.ts` : []));
      const leniency = others ? ['--skipLibCheck'] : [];
      const command = [tsc, '--ignoreConfig', ...options, ...leniency, ...files];
      const checked = await execa(process.execPath, command, { cwd, reject: false });
      expect(checked.stdout).toBe('');
      expect(checked.exitCode).toBe(0);
    }
  });

  test('has snippets that record what they say', async ({ bench }) => {
    const usage = { input: 1200, cached: 1024, cacheWrite: 0, output: 85, reasoning: 64 };
    let number = 0;
    const server = await startOpenAIServer((asked) => {
      number++;
      return answerLikeOpenAI(asked, 'Three shelves.', { number, usage });
    });
    onTestFinished(() => server.close());
    const folder = createProgram(bench);
    bench.api.add({
      prompt: 'Sort the shelves',
      replies: [{ message: 'Sorted.', usage: { input: 5900, cached: 5376, output: 33 } }],
    });
    const env = { ...bench.env, OPENAI_API_KEY: 'none', OPENAI_BASE_URL: server.url };
    const printed: string[] = [];
    for (const index of SNIPPETS.keys()) {
      const tsx = join(ROOT, 'node_modules', 'tsx', 'dist', 'cli.mjs');
      const { stdout } = await execa(process.execPath, [tsx, `snippet-${index}.ts`], { cwd: folder, env });
      printed.push(stdout);
    }
    expect(printed).toEqual([
      'gpt-5.3-codex 5900 33\n0 33 0.0023198 actual',
      'Three shelves.',
      'Three shelves.',
      'Three shelves.',
      '0.0016772 actual',
      'estimated',
    ]);
    const records = readRecord(bench.database).map(({ phase, iteration, responses }) => {
      return [phase, iteration, responses.map(({ source, input, output }) => ({ source, input, output }))];
    });
    expect(records).toEqual([
      ['builder', 1, [{ source: 'actual', input: 5900, output: 33 }]],
      ['chat', 1, [{ source: 'actual', input: 1200, output: 85 }]],
      ['chat', 2, [{ source: 'actual', input: 1200, output: 85 }]],
      ['handoff', 1, [{ source: 'actual', input: 1200, output: 85 }]],
      ['handoff', 2, [{ source: 'actual', input: 1200, output: 85 }]],
      ['handoff', 3, [{ source: 'estimated', input: 0, output: 5 }]],
    ]);
  });
});
