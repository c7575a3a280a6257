import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runCodex } from './codex.js';
import { type Db, findRow, newId, type Project, type Run } from './database.js';
import { bookCodex } from './estimates.js';

/** Writes what whoever works on the project next should know of a run that has ended. */
export async function writeHandoff(db: Db, run: Run): Promise<void> {
  const project = findRow(db, 'projects', run.project_id);
  const prompt = `Write the handoff of run ${run.id}, which was ${run.status}: ${run.task}\n`;
  const whose = { runId: run.id, category: 'handoff', description: 'handoff generation' } as const;
  await ask(db, project, 'handoff', prompt, whose);
}

/** Turns an idea into a task for a run. */
export async function draftTask(db: Db, projectId: string, idea: string): Promise<string> {
  const project = findRow(db, 'projects', projectId);
  const whose = { category: 'other', description: 'work order generation' } as const;
  return await ask(db, project, 'wo-generation', `Draft a task from this idea: ${idea}\n`, whose);
}

/** One call of Codex in the project. Its files lie beside those of the other calls, and tell the kind of the call alone. */
async function ask(
  db: Db,
  { id: projectId, path }: Project,
  kind: string,
  prompt: string,
  whose: { runId?: string; category: 'handoff' | 'other'; description: string },
): Promise<string> {
  const file = join(path, '.system', 'utility', `${kind}-${newId()}`);
  const [output, log] = [`${file}.output.txt`, `${file}.codex.jsonl`];
  try {
    await runCodex({ cwd: path, prompt, sandbox: 'read-only', output, log, fields: ['text'] });
    return (JSON.parse(readFileSync(output, 'utf8')) as { text: string }).text;
  } finally {
    bookCodex(db, { projectId, ...whose }, { log });
  }
}
