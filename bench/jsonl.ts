import { closeSync, openSync, writeSync } from 'node:fs';
import { encodeLines } from './fakes.js';

/** Each kind of line up to its percentile, and how long the text in it is: by factor, each length is as likely. */
const KINDS = [
  { upTo: 30, type: 'item.started', item: 'command_execution', shortest: 20, longest: 400 },
  { upTo: 70, type: 'item.completed', item: 'command_execution', shortest: 100, longest: 100_000 },
  { upTo: 85, type: 'item.completed', item: 'agent_message', shortest: 60, longest: 8_000 },
  { upTo: 95, type: 'item.completed', item: 'reasoning', shortest: 100, longest: 2_000 },
  { upTo: 100, type: 'item.updated', item: 'todo_list', shortest: 200, longest: 3_000 },
] as const;
type Kind = (typeof KINDS)[number];

const SOURCE = `export function readLines(path) {\n\tconst text = readFileSync(path, "utf8"); // größer → später\n\treturn text.split("\\n");\n}\n`;
const BATCH_LINES = 200;

/**
 * Writes a file of about `bytes` of JSON lines as `codex exec --json` prints them while it works: from 200 B to 100 kB
 * long, most of the bytes the output of commands. The same every time.
 */
export function writeItems(path: string, bytes: number): void {
  const random = createRandom();
  const file = openSync(path, 'w');
  for (let written = 0, id = 0; written < bytes; ) {
    const lines = Array.from({ length: BATCH_LINES }, () => makeEvent(random, id++));
    written += writeSync(file, encodeLines(lines));
  }
  closeSync(file);
}

function makeEvent(random: () => number, id: number): object {
  const { type, item, shortest, longest } = pickKind(random() * 100);
  const length = Math.round(shortest * (longest / shortest) ** random());
  const text = SOURCE.repeat(Math.ceil(length / SOURCE.length)).slice(0, length);
  const command = { command: "/bin/bash -lc 'npm test'", exit_code: 0, status: 'completed' };
  const content = item === 'command_execution' ? { ...command, aggregated_output: text } : { text };
  return { type, item: { id: `item_${id}`, type: item, ...content } };
}

function pickKind(percent: number): Kind {
  return KINDS.find(({ upTo }) => percent < upTo) ?? KINDS[0];
}

/** Park and Miller's generator: a sequence that is the same on every machine. */
function createRandom(): () => number {
  let state = 20_190_417;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}
