import { type ApiFacts, type ApiRequest, describeRequest, readAnswer, readEvent } from '../formats/openai-api.js';
import { type Place, resolveContext, type UsageContext } from './context.js';
import { type Call, recordCall } from './record-usage.js';

/** Follows one call of the API. No method throws. */
export interface ObservedCall {
  /** Takes an answer that came whole. */
  answer(body: Record<string, unknown>): void;
  /** Takes one event of a streamed answer. */
  event(event: Record<string, unknown>): void;
  /** The stream is over: to its end, or cut. Only the first word of it counts. */
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
    const completedAtMs = Date.now();
    const place = resolveContext(context, startedAtMs);
    remember(place.then((at) => recordCall(describeCall(at, request, { startedAtMs, completedAtMs, status }, facts))));
  };
  return {
    start(api, body) {
      const startedAtMs = Date.now();
      const request = describeRequest(api, body);
      let facts: ApiFacts = {};
      let ended = false;
      return {
        answer(whole) {
          facts = readAnswer(api, whole);
          record(request, startedAtMs, facts, facts.state === 'failed' ? 'failed' : 'completed');
        },
        event(event) {
          facts = merge(facts, readEvent(api, event));
        },
        end(how) {
          if (ended) return;
          ended = true;
          // Nothing was said: an error, or a stream that was cut before the model began.
          if (!facts.responseId && !facts.text && !facts.usage) return;
          const failed = facts.state === 'failed' ? 'failed' : 'completed';
          record(request, startedAtMs, facts, how === 'cut' && !facts.usage ? 'interrupted' : failed);
        },
      };
    },
    revisit(body) {
      const facts = readAnswer('responses', body);
      const begun = background.get(facts.responseId ?? '');
      if (!begun || !facts.responseId || facts.state === 'pending') return;
      background.delete(facts.responseId);
      const request: ApiRequest = { api: 'responses', serviceTier: undefined, ...begun };
      record(request, begun.startedAtMs, facts, facts.state === 'failed' ? 'failed' : 'completed');
    },
  };
}

function describeCall(
  place: Place,
  { api, model, serviceTier, texts, messages, unseen }: ApiRequest,
  how: Pick<Call, 'startedAtMs' | 'completedAtMs' | 'status'>,
  facts: ApiFacts,
): Call {
  const { status } = how;
  const answered = facts.text ? [facts.text] : [];
  return {
    ...{ place, command: api },
    ...how,
    counted: facts.usage,
    // A model that failed before it wrote anything has used nothing that anybody could count.
    texts:
      answered.length > 0 || status === 'completed' ? { input: texts, output: answered, messages, unseen } : undefined,
    model: facts.model ?? model,
    responseId: facts.responseId,
    serviceTier: facts.serviceTier ?? serviceTier,
  };
}

function merge(before: ApiFacts, next: ApiFacts): ApiFacts {
  return {
    responseId: next.responseId ?? before.responseId,
    model: next.model ?? before.model,
    serviceTier: next.serviceTier ?? before.serviceTier,
    usage: next.usage ?? before.usage,
    state: next.state ?? before.state,
    text: (before.text ?? '') + (next.text ?? ''),
  };
}

function remember(recording: Promise<unknown>): void {
  outstanding.add(recording);
  void recording.catch(() => undefined).finally(() => outstanding.delete(recording));
}
