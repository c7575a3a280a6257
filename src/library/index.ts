/** What `import … from 'codex-metered'` gives. docs/library.md explains it. */
export { UsageError } from '../errors.js';
export type { Phase } from '../usage/phase.js';
export type { Source } from '../usage/source.js';
export type { Usage } from '../usage/usage.js';
export type { Fetch } from './billed-request.js';
export { type CaptureContext, captureUsage } from './capture-usage.js';
export type { UsageContext } from './context.js';
export { meterFetch, meterOpenAI, type OpenAIClient } from './meter-fetch.js';
export {
  type MeteredExec,
  type MeteredExecOptions,
  type MeteredRecord,
  type MeteredResponse,
  type MeteredResult,
  meteredExec,
} from './metered-exec.js';
export { flushUsage } from './observed-calls.js';
export type { RecordedUsage } from './record-step.js';
export { recordUsage, type UsageLike, type UsageRecord } from './record-usage.js';
