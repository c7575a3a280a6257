import { fstatSync } from 'node:fs';
import { isatty } from 'node:tty';
import type { CodexCommand } from './argv.js';

/** Which of Codex's output streams pass through us; the others are the caller's own, handed on as they are. */
export interface StreamPlan {
  readonly stdout: 'inherit' | 'pipe';
  readonly stderr: 'inherit' | 'pipe';
}

export const HANDS_OFF: StreamPlan = { stdout: 'inherit', stderr: 'inherit' };

/**
 * Decides what to read along: the JSON events on stdout, or the human-readable transcript on stderr. A terminal stays
 * a terminal. Where both streams are one file (`2>&1`) neither is touched, because reading along one of them could
 * change the order of the lines in it; the session file tells what is needed then.
 */
export function planStreams(command: CodexCommand, describe: DescribeStream = describeStream): StreamPlan {
  if (command.output === 'other' || command.asksForHelp) return HANDS_OFF;
  const stdout = describe(1);
  const stderr = describe(2);
  if (stdout.identity !== undefined && stdout.identity === stderr.identity) return HANDS_OFF;
  if (command.output === 'json') return { ...HANDS_OFF, stdout: stdout.isTerminal ? 'inherit' : 'pipe' };
  return { ...HANDS_OFF, stderr: stderr.isTerminal ? 'inherit' : 'pipe' };
}

type DescribeStream = (fd: 1 | 2) => { isTerminal: boolean; identity: string | undefined };

function describeStream(fd: 1 | 2): ReturnType<DescribeStream> {
  try {
    const { dev, ino, rdev } = fstatSync(fd);
    // Devices are left out: a terminal is never read along, and in /dev/null no order matters.
    return { isTerminal: isatty(fd), identity: rdev === 0 ? `${dev}:${ino}` : undefined };
  } catch {
    return { isTerminal: false, identity: undefined };
  }
}
