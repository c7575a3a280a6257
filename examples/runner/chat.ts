import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type CodexCall, runCodex } from './codex.js';
import { addRow, type Chat, changeRow, type Db, findRow, newId } from './database.js';
import { bookCodex } from './estimates.js';
import { makeWorkTree } from './projects.js';
import { startWorker } from './workers.js';

const FOLDER = resolve('.system', 'chat');

/** Has a message answered by a worker, which goes on without us. Returns the chat's id. */
export function startChat(db: Db, projectId: string, message: string, mayWrite: boolean): string {
  const id = newId();
  const project = findRow(db, 'projects', projectId);
  if (mayWrite) makeWorkTree(project, workTreeOf(id), `chat/${id.slice(0, 8)}`);
  const chat = { id, project_id: projectId, message, may_write: mayWrite ? 1 : 0, status: 'running', answer: null };
  addRow(db, 'chats', chat);
  startWorker('chat', id);
  return id;
}

/** The worker of one chat. A chat that may not write may run no command either: Codex is stopped at the first. */
export async function answerChat(db: Db, id: string): Promise<void> {
  const chat = findRow(db, 'chats', id);
  const project = findRow(db, 'projects', chat.project_id);
  const files = filesOf('runs', id, 'result.json');
  const whose = { projectId: project.id, category: 'chat' } as const;
  let isStopped = false;
  try {
    await runCodex({
      ...files,
      cwd: chat.may_write ? workTreeOf(id) : project.path,
      prompt: `Chat: ${chat.message}\n`,
      sandbox: chat.may_write ? 'workspace-write' : 'read-only',
      fields: ['reply'],
      onEvent({ item }, signal) {
        if (chat.may_write || item?.type !== 'command_execution') return;
        isStopped = true;
        signal('SIGTERM');
      },
    });
    bookCodex(db, { ...whose, description: `chat run ${id}` }, files);
    const { reply } = JSON.parse(readFileSync(files.output, 'utf8')) as { reply: string };
    changeRow(db, 'chats', id, { status: 'done', answer: reply });
  } catch (error) {
    bookCodex(db, { ...whose, description: `chat run ${id} failed` }, files);
    const reason = isStopped ? 'this chat may run no command' : String(error);
    changeRow(db, 'chats', id, { status: 'failed', answer: reason });
  }
}

/** Asks what a message needs to be answered. Nothing is booked for it. */
export async function suggest(db: Db, projectId: string, message: string): Promise<string> {
  const { path } = findRow(db, 'projects', projectId);
  const files = filesOf('suggestions', newId(), 'suggestion.json');
  const prompt = `Suggest what this message needs: ${message}\n`;
  return await ask({ ...files, cwd: path, prompt, sandbox: 'read-only', fields: ['reason'] });
}

/** Sums up what was said in a project. It works in a folder of the control center, and nothing is booked for it. */
export async function summarise(db: Db, projectId: string): Promise<string> {
  const chats = db.prepare('SELECT message, answer FROM chats WHERE project_id = ?').all(projectId) as Chat[];
  const files = filesOf('summaries', newId(), 'summary.json');
  const lines = chats.map(({ message, answer }) => `${message}\n${answer ?? ''}\n`);
  const prompt = `Summarise this conversation:\n${lines.join('')}`;
  return await ask({ ...files, cwd: FOLDER, prompt, sandbox: 'read-only', fields: ['summary'] });
}

async function ask(call: CodexCall): Promise<string> {
  await runCodex(call);
  const answer = JSON.parse(readFileSync(call.output, 'utf8')) as Record<string, string>;
  return answer[call.fields[0] ?? ''] ?? '';
}

function filesOf(kind: 'runs' | 'suggestions' | 'summaries', id: string, output: string) {
  const folder = join(FOLDER, kind, id);
  return { output: join(folder, output), log: join(folder, 'codex.jsonl') };
}

/** It lies with the control center, not with the project that it is a work tree of. */
function workTreeOf(id: string): string {
  return resolve('.system', 'chat-worktrees', `thread-${id.slice(0, 8)}`);
}
