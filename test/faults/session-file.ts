import { createHash } from 'node:crypto';
import { copyFileSync, readdirSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { expectUndisturbed } from '../harness/compare.js';
import { recordOf } from '../harness/record.js';
import type { Ended, Workbench } from '../harness/workbench.js';
import type { Reply } from '../scripted-api/script.js';
import { FAKE_RESPONSES, writeSessionFake } from './fake-session.js';
import { type Fault, SAME } from './fault.js';
import { ARGS, disturbTurn, expectCounted, runDirect, settle, startHeld, turn } from './turn.js';

export const SESSION_FILE_FAULTS: readonly Fault[] = [
  {
    name: 'The session file is truncated',
    done: 'it is cut to nothing while Codex works, and Codex goes on at its new end',
    codex: `${SAME}: Codex itself says that it cannot save the transcript`,
    record: 'read on from the new beginning; each response is counted once',
    async hold(bench) {
      const run = await disturbTurn(bench, () => truncateSync(sessionFile(bench)), {
        whom: 'Codex',
        // How often it tries to save, and what it finds then, is a matter of milliseconds.
        varying: /^.*(?:ERROR codex_|Failed to save the conversation).*\n/gm,
      });
      await settle(bench);
      expectCounted(bench, run);
    },
  },
  {
    name: 'The session file is replaced',
    done: 'a copy is moved to its place while Codex works; Codex goes on in the old one',
    codex: SAME,
    record: 'both are read on; each response is counted once',
    async hold(bench) {
      const replace = () => {
        const path = sessionFile(bench);
        copyFileSync(path, `${path}.copy`);
        renameSync(`${path}.copy`, path);
      };
      const run = await disturbTurn(bench, replace, { whom: 'Codex' });
      await settle(bench);
      expectCounted(bench, run);
    },
  },
  {
    name: 'A line of 100 MB',
    done: 'in Codex’s output and in its session file, between lines that count',
    codex: SAME,
    record: 'the line is passed over with a note; what stands before and behind it is counted',
    async hold(bench) {
      const codex = writeSessionFake(bench, LONG_LINES);
      const direct = await bench.run(['exec', '--json', 'x'], { codex, direct: true });
      const metered = await bench.run(['exec', '--json', 'x'], { codex });
      expect(digest(metered)).toBe(digest(direct));
      expect(direct.stdout.length).toBeGreaterThan(100_000_000);
      const { responses, notes } = recordOf(bench, metered);
      expect(responses.map(({ responseKey }) => responseKey)).toEqual(FAKE_RESPONSES);
      expect(notes.map(({ reason }) => reason)).toEqual([expect.stringContaining('line too long')]);
    },
  },
  {
    name: 'A count out of all reason',
    done: 'the API tells of its second response that it read 5,000,000,000,000 tokens',
    codex: SAME,
    record: 'the other responses are counted; a note names the file and the line of the one that told what cannot be',
    async hold(bench) {
      const [first, second] = turn().replies;
      const nonsense = { message: 'Done.', usage: { ...second?.usage, input: 5e12, output: 18 } };
      const play = (direct: boolean) => {
        bench.api.add({ prompt: 'work', replies: [first as Reply, nonsense] });
        return bench.run(ARGS, { direct });
      };
      const direct = await play(true);
      const metered = await play(false);
      expectUndisturbed(metered, direct);
      const { responses, notes } = recordOf(bench, metered);
      expect(responses.map(({ input }) => input)).toEqual([first?.usage?.input]);
      // The total behind it holds it as well, and is known from it: it is no second one.
      const [unreadable, ...others] = notes.filter(({ kind }) => kind === 'unreadable');
      expect(unreadable?.reason).toContain('token_usage_record with a count that cannot be');
      expect(unreadable?.figures).toMatch(/^\{"lines":1,"firstLine":\d+,"file":"rollout-/);
      expect(others).toEqual([]);
    },
  },
  {
    name: 'The machine’s clock is set back',
    done: 'by an hour, when the run has begun: what Codex writes from then on is older than the run',
    codex: SAME,
    record: 'what is new in the session files is told by what was there before, not by its time',
    async hold(bench) {
      const direct = await runDirect(bench);
      const isSetBack = join(bench.folder, 'set-back');
      const preload = join(bench.folder, 'clock.mjs');
      writeFileSync(preload, CLOCK);
      const run = startHeld(bench, { env: { NODE_OPTIONS: `--import=${preload}`, SET_BACK: isSetBack } });
      await run.waits;
      writeFileSync(isSetBack, '');
      run.release();
      expectUndisturbed(await run.ended, direct);
      await settle(bench);
      expectCounted(bench, await run.ended);
    },
  },
];

/** The one that was begun last. */
function sessionFile({ codexHome }: Workbench): string {
  const sessions = join(codexHome, 'sessions');
  const files = readdirSync(sessions, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.jsonl'));
  return join(sessions, files.sort().at(-1) ?? '');
}

/** Of the bytes behind the first line, which names the thread. */
function digest({ stdout, exitCode }: Ended): string {
  const rest = stdout.subarray(stdout.indexOf('\n'));
  return `${exitCode} ${createHash('sha256').update(rest).digest('hex')}`;
}

const LONG_LINES = `
const writeLong = (fd, start) => {
  write(fd, start);
  for (let i = 0; i < 100; i++) write(fd, String.fromCharCode(97 + (i % 26)).repeat(1_000_000));
  write(fd, '"}\\n');
};
tell(usage[0]);
writeLong(file, '{"timestamp":"' + now.toISOString() + '","type":"response_item","payload":"');
writeLong(1, '{"type":"item.completed","item":"');
tell(usage[1]);
write(1, '{"type":"turn.completed","usage":{"input_tokens":1200,"output_tokens":40}}\\n');
`;

/** The clock of our process: an hour ahead of Codex's, until it is set back. */
const CLOCK = `
import { existsSync } from 'node:fs';
const Real = Date;
const now = () => Real.now() + (existsSync(process.env.SET_BACK) ? 0 : 3_600_000);
globalThis.Date = class extends Real {
  constructor(...values) { super(...(values.length > 0 ? values : [now()])); }
  static now() { return now(); }
};
`;
