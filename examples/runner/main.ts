import { createInterface } from 'node:readline';
import { answerChat, startChat, suggest, summarise } from './chat.js';
import { readCosts } from './costs.js';
import { type Db, findRow, openDatabase } from './database.js';
import { workOn } from './loop.js';
import { addProject, setBudget } from './projects.js';
import { answerRun, cancelRun, startRun } from './runs.js';
import { draftTask } from './utility.js';

const HELP = `project PATH            takes a git work tree in, and tells its id
budget PROJECT USD      what the project may cost in a month
draft PROJECT IDEA      turns an idea into a task
run PROJECT TASK        has a task built and reviewed, and tells the run's id
status RUN              how far that is, and what the builder asks
answer RUN TEXT         answers it, and lets it go on
cancel RUN              ends it
suggest PROJECT TEXT    asks what a message needs
chat PROJECT TEXT       has a message answered, and tells the chat's id
edit PROJECT TEXT       the same, by a chat that may change files in a work tree of its own
reply CHAT              what it has answered
summary PROJECT         sums up what was said
costs PROJECT           the page of its costs`;

const ROUNDS = 3;

type Command = (db: Db, id: string, text: string) => unknown;

const COMMANDS: Readonly<Record<string, Command>> = {
  help: () => HELP,
  project: (db, path, rest) => addProject(db, `${path} ${rest}`.trim()),
  budget: (db, project, usd) => setBudget(db, project, Number(usd)),
  draft: async (db, project, idea) => ({ task: await draftTask(db, project, idea) }),
  run: (db, project, task) => startRun(db, project, task, ROUNDS),
  status: (db, run) => findRow(db, 'runs', run),
  answer: answerRun,
  cancel: cancelRun,
  suggest: async (db, project, message) => ({ reason: await suggest(db, project, message) }),
  chat: (db, project, message) => startChat(db, project, message, false),
  edit: (db, project, message) => startChat(db, project, message, true),
  reply: (db, chat) => findRow(db, 'chats', chat),
  summary: async (db, project) => ({ summary: await summarise(db, project) }),
  costs: (db, project) => readCosts(db, project),
};

/** The control center: a command per line of stdin, an answer per line of stdout. */
async function serve(db: Db): Promise<void> {
  for await (const line of createInterface({ input: process.stdin })) {
    const [, name = '', id = '', text = ''] = /^(\S+)\s*(\S*)\s*(.*)$/.exec(line.trim()) ?? [];
    if (name !== '') console.log(await answer(db, name, id, text));
  }
}

async function answer(db: Db, name: string, id: string, text: string): Promise<string> {
  try {
    const command = COMMANDS[name];
    if (!command) throw new Error(`there is no command "${name}": help lists them`);
    const result = (await command(db, id, text)) ?? 'done';
    return typeof result === 'string' ? result : JSON.stringify(result);
  } catch (error) {
    return `error: ${error instanceof Error ? error.message : error}`;
  }
}

const [worker, id = ''] = process.argv.slice(2);
const db = openDatabase();
if (worker === 'run') await workOn(db, id);
else if (worker === 'chat') await answerChat(db, id);
else await serve(db);
db.close();
