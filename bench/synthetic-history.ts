import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';

export interface SyntheticHistory {
  readonly bytes: number;
  readonly files: number;
  readonly responses: number;
  readonly inputTokens: number;
}

/** Of the output of a command, which stands in a session twice: 3.6 kB on average. */
const OUTPUT_CHARS = [120, 300, 800, 1500, 2600, 4000, 6000, 13_500];
const RESPONSES_PER_TURN = 12;
const INSTRUCTIONS_CHARS = 20_000;
const START_MS = Date.UTC(2026, 0, 5, 8);
const SOURCE = `export function readLines(path) {\\n\\tconst text = readFileSync(path, \\"utf8\\"); // größer → später\\n}\\n`;
const TEXT = SOURCE.repeat(Math.ceil(INSTRUCTIONS_CHARS / SOURCE.length));
const SEALED = 'gAAAAABo'.repeat(170);
const MODELS = ['gpt-5.3-codex', 'gpt-5.5', 'gpt-6.1-sol'];

/**
 * Writes a CODEX_HOME with `files` sessions of about `bytes` in all, over a year, with the lines that Codex 0.169 writes and
 * their lengths: 13 kB for each response. The same every time.
 */
export function writeHistory(home: string, bytes: number, files: number): SyntheticHistory {
  const total = { bytes: 0, files, responses: 0, inputTokens: 0 };
  for (let index = 0; index < files; index++) {
    const session = writeSession(home, index, (bytes - total.bytes) / (files - index), files);
    total.bytes += session.bytes;
    total.responses += session.responses;
    total.inputTokens += session.inputTokens;
  }
  return total;
}

function writeSession(home: string, index: number, bytes: number, files: number) {
  const startMs = START_MS + Math.floor((index / files) * 320) * 86_400_000 + (index % 9) * 3_600_000;
  const threadId = makeId(startMs, index, 0);
  const [day = '', time = ''] = new Date(startMs).toISOString().split('T');
  const folder = join(home, 'sessions', ...day.split('-'));
  mkdirSync(folder, { recursive: true });
  const file = openSync(join(folder, `rollout-${day}T${time.slice(0, 8).replaceAll(':', '-')}-${threadId}.jsonl`), 'w');
  const session = new Session(threadId, startMs, index);
  let written = writeSync(file, session.header());
  // Its header alone can be longer than a session among very many may be: one response stands in each.
  for (let turn = 0; turn === 0 || written < bytes; turn++) {
    written += writeSync(file, session.turn(turn));
    for (let step = 0; step < RESPONSES_PER_TURN && (session.responses === 0 || written < bytes); step++)
      written += writeSync(file, session.response());
  }
  closeSync(file);
  return { bytes: written, responses: session.responses, inputTokens: session.total.input };
}

class Session {
  responses = 0;
  readonly total = { input: 0, cached: 0, output: 0, reasoning: 0 };
  readonly #id: string;
  readonly #index: number;
  #ordinal = 0;
  #atMs: number;
  #turnId = '';

  constructor(id: string, startMs: number, index: number) {
    this.#id = id;
    this.#atMs = startMs;
    this.#index = index;
  }

  header(): string {
    return this.#line(
      'session_meta',
      `{"session_id":"${this.#id}","id":"${this.#id}","timestamp":"${this.#now()}","cwd":"/home/user/projects/project-${this.#index % 7}","originator":"codex_exec","cli_version":"0.169.0","source":"exec","model_provider":"openai","base_instructions":{"text":"${TEXT.slice(0, -1 * (TEXT.length % SOURCE.length) || undefined)}"}}`,
    );
  }

  turn(number: number): string {
    this.#turnId = makeId(this.#atMs, this.#index, number + 1);
    const model = MODELS[this.#index % MODELS.length];
    return [
      this.#line('event_msg', `{"type":"task_started","turn_id":"${this.#turnId}","root_turn_id":"${this.#turnId}"}`),
      this.#line(
        'response_item',
        `{"type":"message","role":"user","content":[{"type":"input_text","text":"${text(700)}"}]}`,
      ),
      this.#line(
        'turn_context',
        `{"turn_id":"${this.#turnId}","root_turn_id":"${this.#turnId}","cwd":"/home/user/projects/project","approval_policy":"never","model":"${model}","summary":"none","sandbox_policy":{"type":"read-only"}}`,
      ),
    ].join('');
  }

  response(): string {
    const number = this.responses++;
    const output = text(OUTPUT_CHARS[(number * 5 + this.#index) % OUTPUT_CHARS.length] ?? 0);
    const used = {
      input: 9000 + (number % 150) * 800,
      cached: 8192 + (number % 150) * 700,
      output: 180,
      reasoning: 64,
    };
    for (const key of ['input', 'cached', 'output', 'reasoning'] as const) this.total[key] += used[key];
    const callId = `call_${this.#index}_${number}`;
    const responseId = `resp_${this.#index.toString(16).padStart(16, '0')}${number.toString(16).padStart(16, '0')}`;
    const usage = counts(used);
    const total = counts(this.total);
    const item = `"thread_id":"${this.#id}","turn_id":"${this.#turnId}"`;
    return [
      this.#line(
        'event_msg',
        `{"type":"item_completed",${item},"item":{"type":"Reasoning","id":"rs_${callId}","summary_text":["${text(160)}"]}}`,
      ),
      this.#line(
        'response_item',
        `{"type":"reasoning","id":"rs_${callId}","summary":[{"type":"summary_text","text":"${text(160)}"}],"encrypted_content":"${SEALED}"}`,
      ),
      this.#line(
        'response_item',
        `{"type":"function_call","id":"fc_${callId}","name":"exec_command","arguments":"${text(200)}","call_id":"${callId}"}`,
      ),
      this.#line(
        'token_usage_record',
        `{"thread_id":"${this.#id}","turn_id":"${this.#turnId}","session_id":"${this.#id}","root_turn_id":"${this.#turnId}","response_id":"${responseId}","usage":${usage},"turn_token_usage":${total},"thread_token_usage":${total}}`,
      ),
      this.#line(
        'event_msg',
        `{"type":"item_completed",${item},"item":{"type":"CommandExecution","id":"${callId}","command":["/bin/bash","-lc","npm test"],"status":"completed","aggregated_output":"${output}"}}`,
      ),
      this.#line(
        'response_item',
        `{"type":"function_call_output","id":"fco_${callId}","call_id":"${callId}","output":"Chunk ID: 2c5126\\nWall time: 0.0000 seconds\\nOutput:\\n${output}"}`,
      ),
      this.#line(
        'event_msg',
        `{"type":"token_count","info":{"total_token_usage":${total},"last_token_usage":${usage},"last_usage_includes_reasoning":false,"model_context_window":258400},"rate_limits":{"limit_id":"codex","limit_name":null,"primary":{"used_percent":12.0,"window_minutes":300,"resets_at":1795540000},"secondary":null,"credits":null,"plan_type":null}}`,
      ),
    ].join('');
  }

  #line(type: string, payload: string): string {
    return `{"timestamp":"${this.#now()}","ordinal":${this.#ordinal++},"type":"${type}","payload":${payload}}\n`;
  }

  #now(): string {
    this.#atMs += 900;
    return new Date(this.#atMs).toISOString();
  }
}

function counts(used: Session['total']): string {
  return `{"input_tokens":${used.input},"cached_input_tokens":${used.cached},"cache_write_input_tokens":0,"output_tokens":${used.output},"reasoning_output_tokens":${used.reasoning},"total_tokens":${used.input + used.output}}`;
}

/** Whole escapes only. */
function text(chars: number): string {
  const whole = Math.floor(chars / SOURCE.length) * SOURCE.length;
  return TEXT.slice(0, whole) + 'x'.repeat(chars - whole);
}

/** As Codex makes ids: they sort by their time. */
function makeId(atMs: number, session: number, number: number): string {
  const time = atMs.toString(16).padStart(12, '0');
  const rest = `${session.toString(16).padStart(8, '0')}${number.toString(16).padStart(4, '0')}`;
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-${rest}`;
}
