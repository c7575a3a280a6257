import { addUsage, NO_USAGE, type Usage } from '../../../src/usage/usage.js';

/** Lines as Codex 0.169 writes them, byte for byte as far as they are read; what differs from session to session is at random. */

const MODELS = ['gpt-5.3-codex', 'gpt-5.4', 'gpt-5.6-sol', 'gpt-5.5', 'nobody-knows', 'nobody "knows"'];
/** Soon a day begins on which a price is another. */
const START = Date.UTC(2026, 7, 20, 23, 30);

/** The same numbers for the same seed, from 0 to 1. */
export function createRandom(seed: number): () => number {
  let state = (seed + 1) * 0x9e37_79b9;
  return () => {
    state = Math.imul(state ^ (state >>> 15), 0x2c1b_3c6d) + 0x3c6e_f372;
    state = Math.imul(state ^ (state >>> 13), 0x297a_2d39);
    return ((state ^ (state >>> 16)) >>> 0) / 2 ** 32;
  };
}

/** A session of some turns, in which `oddity` of the lines are not what is written mostly. */
export class SessionLines {
  readonly lines: string[] = [];
  readonly #random: () => number;
  readonly #oddity: number;
  readonly #id: string;
  readonly #models: readonly string[];
  #model: string;
  #turn = '';
  #total = NO_USAGE;
  #ordinal = 0;
  #atMs: number;
  #responses = 0;

  /** `model`: of all its turns. */
  constructor(seed: number, oddity: number, model?: string) {
    this.#random = createRandom(seed);
    this.#oddity = oddity;
    this.#id = `01a20d5e-b4fe-73a3-a38f-${String(seed).padStart(12, '0')}`;
    this.#atMs = START + (seed % 4) * 450_000;
    this.#models = model === undefined ? MODELS : [model];
    this.#model = this.#pick(this.#models);
  }

  write(turns: number, responsesPerTurn: number): string {
    this.#header();
    for (let turn = 0; turn < turns; turn++) {
      this.#begin(turn);
      const responses = Math.ceil(this.#random() * responsesPerTurn);
      for (let step = 0; step < responses; step++) this.#respond();
      this.#line('event_msg', `{"type":"task_complete","turn_id":"${this.#turn}","last_agent_message":"done"}`);
    }
    return `${this.lines.join('\n')}\n`;
  }

  #header(): void {
    const fork = this.#isOdd() ? this.#pick(['"copy"', '"sharing","forked_from_ordinal_exclusive":4']) : '';
    const forked = fork && `"forked_from_id":${fork},`;
    const instructions = this.#pick([
      'Be brief.',
      `Say \\"yes\\".\\n${'You are Codex. '.repeat(300)}`,
      'é\\\\'.repeat(900),
    ]);
    this.#line(
      'session_meta',
      `{"id":"${this.#id}","session_id":"${this.#id}",${forked}"cwd":"/shop","cli_version":"0.169.0","source":"exec","base_instructions":{"text":"${instructions}"},"git":null}`,
    );
  }

  #begin(turn: number): void {
    if (!this.#isOdd()) this.#turn = `01a20d5e-c000-7000-8000-${String(turn).padStart(12, '0')}`;
    if (this.#isOdd()) this.#turn = this.#pick(['a turn', 'größer', '\\u0041\\"', 't/1']);
    if (this.#random() < 0.15) this.#model = this.#pick(this.#models);
    if (!this.#isOdd()) {
      this.#line('event_msg', `{"type":"task_started","turn_id":"${this.#turn}","model_context_window":258400}`);
    }
    if (this.#isOdd()) {
      const tier = this.#pick(['"priority"', '"flex"', 'null', '"other"']);
      this.#line('event_msg', `{"type":"thread_settings_applied","thread_settings":{"service_tier":${tier}}}`);
    }
    if (!this.#isOdd()) this.#context();
  }

  #context(): void {
    const model = JSON.stringify(this.#model);
    const rest = `"cwd":"/sh\\u006fp","sandbox_policy":{"type":"read-only","model":"none"},"list":[1,-2.5e3,true,[]]`;
    const members = [`"turn_id":"${this.#turn}"`, rest, `"model":${model}`];
    if (this.#isOdd()) members.reverse();
    if (this.#isOdd())
      members.push(
        this.#pick([
          `"model":${model}`,
          '"model":"gpt-5.4"',
          '"model": "gpt-5.4"',
          '"x":01',
          '"turn_id":null',
          '"y":"\t"',
        ]),
      );
    this.#line('turn_context', `{${members.join(',')}}`);
  }

  #respond(): void {
    this.#line('event_msg', '{"type":"item_completed","item":{"type":"Reasoning"}}');
    const own = this.#count();
    const key = this.#isOdd()
      ? this.#pick(['resp_1', 'resp "1"', `resp_${this.#responses - 1}`])
      : `resp_${this.#responses++}`;
    const thread = this.#isOdd() && this.#isOdd() ? '01a20d5e-0000-7000-8000-000000000000' : this.#id;
    const isLost = this.#isOdd() && this.#isOdd();
    this.#total = addUsage(this.#total, own);
    if (!isLost) this.#usageRecord(thread, key, own);
    if (this.#isOdd()) this.#usageRecord(thread, key, own);
    if (this.#isOdd()) return;
    if (this.#isOdd() && this.#isOdd()) this.#total = this.#pick([NO_USAGE, own]);
    this.#line('response_item', `{"type":"message","text":"${'x'.repeat(this.#random() * 300)}"}`);
    const info = `{"total_token_usage":${encode(this.#total)},"last_token_usage":${encode(own)},"model_context_window":258400}`;
    const isEmpty = this.#isOdd() && this.#isOdd();
    this.#line('event_msg', `{"type":"token_count","info":${isEmpty ? 'null' : info},"rate_limits":null}`);
    if (this.#isOdd())
      this.lines.push(this.#pick(['', 'no JSON', this.lines.at(-1) ?? '', '{"timestamp":"2026-03-04T05:06:07.089Z"']));
    if (this.#isOdd()) this.#line(this.#pick(['compacted', 'world_state', 'of_tomorrow']), '{}');
  }

  #usageRecord(thread: string, key: string, own: Usage): void {
    const total = encode(this.#total);
    const space = this.#isOdd() ? ' ' : '';
    const id = JSON.stringify(key);
    const root = this.#isOdd() ? this.#pick(['größer', 'r/1', '\\"']) : this.#turn;
    this.#line(
      'token_usage_record',
      `{"thread_id":"${thread}","turn_id":"${this.#turn}","session_id":"${this.#id}","root_turn_id":"${root}","response_id":${space}${id},"usage":${encode(own)},"turn_token_usage":${total},"thread_token_usage":${total}}`,
    );
  }

  #count(): Usage {
    const input = Math.floor(this.#random() ** 3 * 400_000);
    const cachedInput = Math.floor(this.#random() * input);
    const cacheWrite = this.#random() < 0.3 ? Math.floor(this.#random() * (input - cachedInput)) : 0;
    const output = Math.floor(this.#random() * 3000);
    if (this.#isOdd())
      return {
        ...NO_USAGE,
        input: this.#pick([0, 7, 3_000_000_000]),
        cachedInput: this.#pick([0, 8]),
        cacheWrite: this.#pick([0, 5]),
      };
    return { ...NO_USAGE, input, cachedInput, cacheWrite, output, reasoning: Math.floor(output / 2) };
  }

  #line(type: string, payload: string): void {
    this.#atMs += Math.floor(this.#random() * (this.#isOdd() ? 3_600_000 : 20_000));
    const time = new Date(this.#atMs).toISOString();
    this.lines.push(`{"timestamp":"${time}","ordinal":${this.#ordinal++},"type":"${type}","payload":${payload}}`);
  }

  #isOdd(): boolean {
    return this.#random() < this.#oddity;
  }

  #pick<T>(values: readonly T[]): T {
    return values[Math.floor(this.#random() * values.length)] as T;
  }
}

function encode({ input, cachedInput, cacheWrite, output, reasoning }: Usage): string {
  return `{"input_tokens":${input},"cached_input_tokens":${cachedInput},"cache_write_input_tokens":${cacheWrite},"output_tokens":${output},"reasoning_output_tokens":${reasoning},"total_tokens":${input + output}}`;
}
