import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeNodeFake, writeShellFake } from '../harness/fake-codex.js';
import { rollout } from '../harness/fake-rollouts.js';
import type { Workbench } from '../harness/workbench.js';

const TURN = '01a20131-e479-7371-bcf4-167361518fea';

/** What is recorded of a fake Codex that tells all its `lines`. */
export const FAKE_RESPONSES = ['resp_1', 'resp_2'];

/**
 * A fake Codex that keeps a session file, as the real one does, under a thread id of its own. Its `body` finds the two
 * `usage` lines, `write(fd, text)` for all of a text, and `tell(line)`, which puts a line into the session file.
 */
export function writeSessionFake(bench: Workbench, body: string): string {
  const path = writeNodeFake(bench, `${PREPARE}\n${body}`);
  writeLines(bench);
  return path;
}

/** The same in shell, which takes little to start. Its `body` comes when all lines have been told. */
export function writeSmallSessionFake(bench: Workbench, body: string): string {
  const lines = writeLines(bench);
  return writeShellFake(
    bench,
    `thread=01a20131-e459-7d31-8cdb-$(printf %012x $$)
    folder="$CODEX_HOME/sessions/$(date +%Y/%m/%d)"
    mkdir -p "$folder"
    now=$(date -u +%Y-%m-%dT%H:%M:%S.%3NZ)
    sed -e "s/@THREAD@/$thread/g" -e "s/@NOW@/$now/g" '${lines}' > "$folder/rollout-2026-01-01T00-00-00-$thread.jsonl"
    echo '{"type":"thread.started","thread_id":"'$thread'"}'
    ${body}`,
  );
}

/** Writes the lines into a file beside the fake, with `@THREAD@` and `@NOW@` in them, and returns its path. */
function writeLines({ folder }: Pick<Workbench, 'folder'>): string {
  const thread = '@THREAD@';
  const lines = [
    rollout.header(thread),
    rollout.turnStarted(TURN),
    rollout.turnContext(TURN),
    rollout.usageRecord(thread, TURN, 'resp_1', { input: 500, output: 31 }),
    rollout.usageRecord(thread, TURN, 'resp_2', { input: 700, output: 9 }),
  ];
  const path = join(folder, 'fakes', 'lines.jsonl');
  mkdirSync(join(folder, 'fakes'), { recursive: true });
  writeFileSync(path, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return path;
}

const PREPARE = `
const now = new Date();
const two = (value) => String(value).padStart(2, '0');
const day = [now.getFullYear(), two(now.getMonth() + 1), two(now.getDate())].join('/');
const folder = process.env.CODEX_HOME + '/sessions/' + day;
fs.mkdirSync(folder, { recursive: true });
const thread = '01a20131-e459-7d31-8cdb-' + process.pid.toString(16).padStart(12, '0');
const text = fs.readFileSync(new URL('lines.jsonl', import.meta.url), 'utf8');
const lines = text.replaceAll('@THREAD@', thread).replaceAll('@NOW@', now.toISOString()).trimEnd().split('\\n');
const usage = lines.splice(-2);
const file = fs.openSync(folder + '/rollout-2026-01-01T00-00-00-' + thread + '.jsonl', 'a');
const write = (fd, text) => {
  for (let rest = Buffer.from(text); rest.length > 0; ) rest = rest.subarray(fs.writeSync(fd, rest));
};
const tell = (line) => write(file, line + '\\n');
for (const line of lines) tell(line);
write(1, '{"type":"thread.started","thread_id":"' + thread + '"}\\n');
`;
