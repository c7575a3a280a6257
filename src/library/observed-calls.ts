import { type ApiFacts, type ApiRequest, describeRequest, readAnswer, readEvent } from '../agents/openai/api.js';
import { resolveContext, type UsageContext } from './context.js';
import { type Call, recordCall } from './record-usage.js';

/** Follows one call of the API. No method throws. It ends once: what is said of it afterwards does not count. */
export interface ObservedCall {
  /** Takes an answer that came whole, and ends. */
  answer(body: Record<string, unknown>): void;
  /** Takes one event of a streamed answer. */
  event(event: Record<string, unknown>): void;
  /** The answer is over: to its end, or because the call was left or its connection lost. */
  end(how: 'whole' | 'cut'): void;
}

export interface CallObserver {
  start(api: ApiRequest['api'], body: Record<string, unknown>): ObservedCall;
  /** An answer to a question about an earlier response, which may have gone on in the background. */
  revisit(body: Record<string, unknown>): void;
}

type Background = Pick<ApiRequest, 'texts' | 'messages' | 'unseen' | 'model'> & { readonly startedAtMs: number };

const outstanding = new Set<Promise<unknown>>();

/** Resolves when everything that has ended so far is recorded. To be awaited before `process.exit`. */
export async function flushUsage(): Promise<void> {
  // The copy of an answer is read a moment after the answer itself, which its reader may have seen the end of.
  await new Promise((resolve) => setImmediate(resolve));
  while (outstanding.size > 0) await Promise.allSettled(outstanding);
}

/** Records the calls of one client under `context`. */
export function observeCalls(context: UsageContext): CallObserver {
  const background = new Map<string, Background>();
  const record = (request: ApiRequest, startedAtMs: number, facts: ApiFacts, status: Call['status']) => {
    if (facts.state === 'pending' && facts.responseId && status === 'completed') {
      background.set(facts.responseId, { ...request, startedAtMs });
      return;
    }
    const times = { startedAtMs, completedAtMs: Date.now() };
    remember(recordCall(resolveContext(context, startedAtMs), describeCall(request, { ...times, status }, facts)));
  };
  return {
    start(api, body) {
      const startedAtMs = Date.now();
      const request = describeRequest(api, body);
      let facts: ApiFacts = {};
      let ended = false;
      const conclude = (how: 'whole' | 'cut') => {
        if (ended) return;
        ended = true;
        const isSilent = !facts.responseId && !facts.text && !facts.usage;
        // An error in place of an answer is not billed.
        if (isSilent && facts.state === 'failed') return;
        const left = how === 'cut' && !facts.usage;
        record(request, startedAtMs, facts, left ? 'interrupted' : isSilent ? 'failed' : statusOf(facts));
      };
      return {
        answer(whole) {
          if (!ended) facts = readAnswer(api, whole);
          conclude('whole');
        },
        event(event) {
          facts = merge(facts, readEvent(api, event));
        },
        end: conclude,
      };
    },
    revisit(body) {
      const facts = readAnswer('responses', body);
      const begun = background.get(facts.responseId ?? '');
      if (!begun || !facts.responseId || facts.state === 'pending') return;
      background.delete(facts.responseId);
      const request: ApiRequest = { api: 'responses', serviceTier: undefined, ...begun };
      record(request, begun.startedAtMs, facts, statusOf(facts));
    },
  };
}

function statusOf({ state }: ApiFacts): Call['status'] {
  return state === 'failed' ? 'failed' : 'completed';
}

function describeCall(
  { api, model, serviceTier, texts: input, messages, unseen }: ApiRequest,
  how: Pick<Call, 'startedAtMs' | 'completedAtMs' | 'status'>,
  facts: ApiFacts,
): Call {
  const output = facts.text ? [facts.text] : [];
  const isLeft = how.status === 'interrupted';
  const texts = { input, output, messages, unseen, isLeft };
  return {
    ...{ command: api, ...how },
    counted: facts.usage,
    // A model that failed before it wrote anything has used nothing that anybody could count.
    texts: output.length > 0 || how.status !== 'failed' ? texts : undefined,
    model: facts.model ?? model,
    responseId: facts.responseId,
    serviceTier: facts.serviceTier ?? serviceTier,
  };
}

/** What `next` does not say stays as it was before; texts go on. */
function merge(before: ApiFacts, next: ApiFacts): ApiFacts {
  const said = Object.fromEntries(Object.entries(next).filter(([, value]) => value !== undefined));
  return { ...before, ...said, text: (before.text ?? '') + (next.text ?? '') };
}

function remember(recording: Promise<unknown>): void {
  outstanding.add(recording);
  void recording.catch(() => undefined).finally(() => outstanding.delete(recording));
}
