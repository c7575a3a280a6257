import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type CodexEvent, runCodex } from './codex.js';
import { changeRow, type Db, findRow, type Run } from './database.js';
import { bookCodex } from './estimates.js';
import { writeHandoff } from './utility.js';

interface Review {
  readonly verdict: 'approve' | 'revise';
  readonly remarks: string;
}

/** The worker of one run: builds and reviews until the reviewer approves or the rounds are used up, then hands off. */
export async function workOn(db: Db, id: string): Promise<void> {
  const run = findRow(db, 'runs', id);
  try {
    const approved = await buildAndReview(db, run);
    changeRow(db, 'runs', id, { status: approved ? 'approved' : 'rejected' });
  } catch (error) {
    changeRow(db, 'runs', id, { status: 'failed', error: String(error) });
  }
  await writeHandoff(db, findRow(db, 'runs', id)).catch((error) => console.error(String(error)));
  changeRow(db, 'runs', id, { pid: null });
}

async function buildAndReview(db: Db, run: Run): Promise<boolean> {
  const workTree = workTreeOf(run);
  let remarks = '';
  for (let round = 1; round <= run.rounds; round++) {
    const { answer } = findRow(db, 'runs', run.id);
    const said = `${remarks && `The reviewer says: ${remarks}\n`}${answer ? `Your question was answered: ${answer}\n` : ''}`;
    const prompt = `Build: ${run.task}\n${said}`;
    const built = (await runStep(db, run, { phase: 'builder', round, prompt, cwd: workTree })) as { summary: string };
    const question = `Review round ${round} of: ${run.task}\nThe builder says: ${built.summary}\n`;
    const review = (await runStep(db, run, { phase: 'reviewer', round, prompt: question })) as Review;
    if (review.verdict === 'approve') return true;
    remarks = review.remarks;
  }
  return false;
}

interface Step {
  readonly phase: 'builder' | 'reviewer';
  readonly round: number;
  readonly prompt: string;
  /** The folder of the step by default. */
  readonly cwd?: string;
}

/** Runs Codex in the step's own folder, `<run>/<phase>/iter-N`, or from there. Returns what it answered. */
async function runStep(db: Db, run: Run, { phase, round, prompt, cwd }: Step): Promise<unknown> {
  const folder = join(run.folder, phase, `iter-${round}`);
  mkdirSync(folder, { recursive: true });
  const isBuilder = phase === 'builder';
  const output = join(folder, isBuilder ? 'result.json' : 'verdict.json');
  const log = join(folder, 'codex.log');
  let asking: Promise<void> | undefined;
  try {
    await runCodex({
      ...{ cwd: cwd ?? folder, prompt, output, log },
      sandbox: isBuilder ? 'workspace-write' : 'read-only',
      fields: isBuilder ? ['summary'] : ['verdict', 'remarks'],
      onEvent(event, signal) {
        const question = isBuilder && findQuestion(event);
        if (question && !asking) asking = askPerson(db, run.id, question, signal);
      },
    });
    await asking;
  } finally {
    const whose = {
      projectId: run.project_id,
      runId: run.id,
      category: phase,
      description: `${phase} iteration ${round}`,
    };
    bookCodex(db, whose, { log, texts: { prompt, answer: output } });
  }
  return JSON.parse(readFileSync(output, 'utf8'));
}

/** A builder that needs to know something says so, and goes on as it thinks best. */
function findQuestion({ item }: CodexEvent): string | undefined {
  return item?.type === 'agent_message' ? /^QUESTION: (.*)/m.exec(item.text ?? '')?.[1] : undefined;
}

/** Holds Codex still until a person has answered. */
async function askPerson(db: Db, id: string, question: string, signal: (name: NodeJS.Signals) => void): Promise<void> {
  signal('SIGSTOP');
  changeRow(db, 'runs', id, { status: 'waiting for an answer', question, answer: null });
  while (findRow(db, 'runs', id).answer === null) await delay(100);
  changeRow(db, 'runs', id, { status: 'running' });
  signal('SIGCONT');
}

/** Each run has one of its own, so that several can work on a project at once. */
export function workTreeOf({ folder }: Pick<Run, 'folder'>): string {
  return join(folder, 'worktree');
}
