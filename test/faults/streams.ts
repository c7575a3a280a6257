import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type Outcome, runInShell, withoutVarying } from '../harness/compare.js';
import { expectExact, newestMeter, recordOf } from '../harness/record.js';
import type { Workbench } from '../harness/workbench.js';
import { FAKE_RESPONSES, writeSessionFake } from './fake-session.js';
import { type Fault, SAME } from './fault.js';
import { expectCounted, settle, turn } from './turn.js';

export const STREAM_FAULTS: readonly Fault[] = [
  {
    name: 'stdout is closed by its reader',
    done: '`codex exec --json … | head -1`, and a reader who leaves after the first command',
    codex: `${SAME}: Codex gets the same broken pipe`,
    record: 'all that Codex had been told when it gave up',
    async hold(bench) {
      const script = (reader: string) =>
        `{ codex exec --json work 2>&3; echo "$?" > exit; } 3>&2 | ${reader}; until [ -s exit ]; do sleep 0.05; done; cat exit`;
      const ends = await runBoth(bench, script('head -1'));
      expect(ends.metered.stdout.toString()).toMatch(/^{"type":"thread.started".*\n101\n$/);
      await runBoth(bench, `rm exit; ${script('grep -m1 item.completed.*command')}`);
      await settle(bench);
      const pid = newestMeter(bench);
      const { threadId, responses } = recordOf(bench, { pid });
      const ledger = bench.api.ledger.filter((entry) => entry.threadId === threadId);
      // The second response may have come when Codex was about to end.
      expectExact(bench, { pid, ledger: ledger.slice(0, Math.max(1, responses.length)) });
    },
  },
  {
    name: 'stderr is closed',
    done: '`codex exec … 2>&-`, with `--json` and without',
    codex: SAME,
    record: 'as always',
    async hold(bench) {
      for (const json of ['--json', '']) {
        await runBoth(bench, `codex exec ${json} work 2>&-; echo "$?"`);
        const ledger = bench.api.ledger.slice(-2);
        expectCounted(bench, { pid: newestMeter(bench), ledger });
      }
    },
  },
  {
    name: 'Codex leaves a process that holds its output open',
    done: 'a grandchild keeps stdout and outlives Codex',
    codex: `${SAME}; codex-metered ends half a second after Codex, not with the grandchild`,
    record: 'as always',
    async hold(bench) {
      const go = join(bench.folder, 'go');
      const codex = writeSessionFake(
        bench,
        `const { spawn } = await import('node:child_process');
        spawn('sh', ['-c', 'while [ ! -e "$1" ]; do sleep 0.05; done', 'sh', ${JSON.stringify(go)}], {
          stdio: ['ignore', 'inherit', 'ignore'], detached: true,
        }).unref();
        for (const line of usage) tell(line);
        process.exit(4);`,
      );
      const metered = await bench.run(['exec', '--json', 'x'], { codex });
      expect(existsSync(go)).toBe(false);
      writeFileSync(go, '');
      const direct = await bench.run(['exec', '--json', 'x'], { codex, direct: true });
      expect(withoutVarying(metered.stdout)).toBe(withoutVarying(direct.stdout));
      expect([metered.exitCode, direct.exitCode]).toEqual([4, 4]);
      expect(recordOf(bench, metered).responses.map(({ responseKey }) => responseKey)).toEqual(FAKE_RESPONSES);
    },
  },
];

async function runBoth(bench: Workbench, script: string): Promise<{ direct: Outcome; metered: Outcome }> {
  bench.api.add(turn());
  const direct = await runInShell(bench, script, { direct: true });
  const metered = await runInShell(bench, script);
  expect(withoutVarying(metered.stdout)).toBe(withoutVarying(direct.stdout));
  expect(metered.exitCode).toBe(direct.exitCode);
  return { direct, metered };
}
