import { runStep, type Settings } from './codex.js';

export interface WorkOrder {
  readonly task: string;
  /** How often the builder may try. */
  readonly rounds: number;
}

export interface Outcome {
  readonly verdict: 'approve' | 'revise';
  readonly rounds: number;
  readonly handoff: string;
}

interface Review {
  readonly verdict: 'approve' | 'revise';
  readonly remarks: string;
}

/** Builds and reviews until the reviewer approves or the rounds are used up, then writes the handoff. */
export async function runLoop(settings: Settings, { task, rounds }: WorkOrder): Promise<Outcome> {
  let review: Review = { verdict: 'revise', remarks: '' };
  let round = 0;
  while (review.verdict === 'revise' && round < rounds) {
    round++;
    const built = (await runStep(settings, {
      phase: 'builder',
      iteration: round,
      prompt: `Build: ${task}\n${review.remarks && `The reviewer says: ${review.remarks}\n`}`,
      sandbox: 'workspace-write',
    })) as { summary: string };
    review = (await runStep(settings, {
      phase: 'reviewer',
      iteration: round,
      prompt: `Review round ${round} of: ${task}\nThe builder says: ${built.summary}\n`,
      sandbox: 'read-only',
    })) as Review;
  }
  const { summary } = (await runStep(settings, {
    phase: 'handoff',
    iteration: 1,
    prompt: `Write the handoff of: ${task}\n`,
    sandbox: 'read-only',
  })) as { summary: string };
  return { verdict: review.verdict, rounds: round, handoff: summary };
}
