import * as z from 'zod/mini';
import { hasImpossibleCount, IMPOSSIBLE_COUNT } from '../../formats/count.js';
import {
  IRRELEVANT,
  type Irrelevant,
  isUnrecognised,
  parseObject,
  type Unrecognised,
  unrecognised,
} from '../../formats/line.js';
import { OWN_KEY } from '../../usage/options.js';
import type { Usage } from '../../usage/usage.js';
import { type CodexWarning, parseWarning } from './human.js';
import { readUsage } from './usage.js';

/** A line of `codex exec --json`, reduced to the fields that metering uses. */
export type CodexEvent =
  | { readonly kind: 'thread_started'; readonly threadId: string }
  /** `usage` is what the line claims. It is often not the run's usage: see docs/how-it-counts.md. */
  | { readonly kind: 'turn_completed'; readonly usage: Usage }
  | { readonly kind: 'turn_failed' }
  /** A response was cut off and Codex asks again. */
  | { readonly kind: 'reconnecting' }
  | CodexWarning
  | Irrelevant
  | Unrecognised;

const threadStarted = z.object({ thread_id: z.string() });
const error = z.object({ message: z.string() });
const errorItem = z.object({ item: z.object({ type: z.literal('error'), message: z.string() }) });
/** The format of the stream before 0.44. */
const configured = z.object({ msg: z.object({ type: z.literal('session_configured'), session_id: z.string() }) });

/** Parses one line of the `--json` stream. Never throws. */
export function parseCodexEvent(line: string): CodexEvent {
  const event = parseObject(line);
  if (isUnrecognised(event)) return event;
  // A line that --meter-emit has written repeats other lines.
  if (OWN_KEY in event) return IRRELEVANT;
  switch (event.type) {
    case 'thread.started': {
      const parsed = threadStarted.safeParse(event);
      return parsed.success
        ? { kind: 'thread_started', threadId: parsed.data.thread_id }
        : unrecognised('thread.started without a thread id');
    }
    case 'turn.completed': {
      const usage = readUsage(event.usage);
      if (usage) return { kind: 'turn_completed', usage };
      return unrecognised(`turn.completed ${hasImpossibleCount(event) ? `with ${IMPOSSIBLE_COUNT}` : 'without usage'}`);
    }
    case 'turn.failed':
      return { kind: 'turn_failed' };
    case 'error': {
      const parsed = error.safeParse(event);
      return parsed.success && parsed.data.message.startsWith('Reconnecting') ? { kind: 'reconnecting' } : IRRELEVANT;
    }
    case 'item.completed': {
      const parsed = errorItem.safeParse(event);
      return (parsed.success && parseWarning(parsed.data.item.message)) || IRRELEVANT;
    }
    case undefined: {
      const parsed = configured.safeParse(event);
      return parsed.success ? { kind: 'thread_started', threadId: parsed.data.msg.session_id } : IRRELEVANT;
    }
    default:
      return IRRELEVANT;
  }
}
