import { hasImpossibleCount, IMPOSSIBLE_COUNT } from '../../formats/count.js';
import { isObject } from '../../formats/json.js';
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
  /** The `usage` in the line is often not that of the run: see docs/how-it-counts.md. */
  | { readonly kind: 'turn_completed'; readonly usage: Usage }
  | { readonly kind: 'turn_failed' }
  /** A response was cut off and Codex asks again. */
  | { readonly kind: 'reconnecting' }
  | CodexWarning
  | Irrelevant
  | Unrecognised;

/** Parses one line of the `--json` stream. Never throws. It does without zod, which takes the meter of a short run too long to load. */
export function parseCodexEvent(line: string): CodexEvent {
  const event = parseObject(line);
  if (isUnrecognised(event)) return event;
  // A line that --meter-emit has written repeats other lines.
  if (OWN_KEY in event) return IRRELEVANT;
  switch (event.type) {
    case 'thread.started': {
      const { thread_id: threadId } = event;
      if (typeof threadId === 'string') return { kind: 'thread_started', threadId };
      return unrecognised('thread.started without a thread id');
    }
    case 'turn.completed': {
      const usage = readUsage(event.usage);
      if (usage) return { kind: 'turn_completed', usage };
      return unrecognised(`turn.completed ${hasImpossibleCount(event) ? `with ${IMPOSSIBLE_COUNT}` : 'without usage'}`);
    }
    case 'turn.failed':
      return { kind: 'turn_failed' };
    case 'error': {
      const { message } = event;
      const isReconnecting = typeof message === 'string' && message.startsWith('Reconnecting');
      return isReconnecting ? { kind: 'reconnecting' } : IRRELEVANT;
    }
    case 'item.completed': {
      const { item } = event;
      if (!isObject(item) || item.type !== 'error' || typeof item.message !== 'string') return IRRELEVANT;
      return parseWarning(item.message) ?? IRRELEVANT;
    }
    case undefined: {
      // The format of the stream before 0.44.
      const { msg } = event;
      if (!isObject(msg) || msg.type !== 'session_configured' || typeof msg.session_id !== 'string') return IRRELEVANT;
      return { kind: 'thread_started', threadId: msg.session_id };
    }
    default:
      return IRRELEVANT;
  }
}
