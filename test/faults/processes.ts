import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { expectUndisturbed, withoutVarying } from '../harness/compare.js';
import { recordOf } from '../harness/record.js';
import { waitFor } from '../harness/wait.js';
import type { Workbench } from '../harness/workbench.js';
import { FAKE_RESPONSES, writeSessionFake } from './fake-session.js';
import { type Fault, SAME } from './fault.js';
import {
  countResponses,
  expectCounted,
  type Held,
  listDescendants,
  runDirect,
  settle,
  startHeld,
  stateOf,
} from './turn.js';

const MB = 1024 * 1024;

export const PROCESS_FAULTS: readonly Fault[] = [
  {
    name: 'codex-metered is killed by SIGKILL',
    done: 'in the middle of a run; Codex is left alone',
    codex:
      'the caller sees the signal, and every byte until then; Codex works on until it next writes to the broken pipe',
    record: 'settled from the session file by the next command, and marked `abandoned`',
    async hold(bench) {
      const direct = await runDirect(bench);
      const { running, codex } = await startCounted(bench);
      running.kill('SIGKILL');
      running.release();
      const run = await running.ended;
      await waitFor('the end of Codex', () => stateOf(codex) === undefined);
      expect(run.signal).toBe('SIGKILL');
      expect(withoutVarying(run.stdout).length).toBeGreaterThan(0);
      expect(withoutVarying(direct.stdout).startsWith(withoutVarying(run.stdout))).toBe(true);
      await settle(bench);
      expect(recordOf(bench, run)).toMatchObject({ status: 'abandoned' });
      expectCounted(bench, run);
    },
  },
  {
    name: 'codex-metered is paused by SIGSTOP',
    done: 'a runner stops our process alone, while Codex waits for its second response, and lets it go on after Codex’s end',
    codex: `${SAME}, after SIGCONT: until then Codex works on`,
    record: 'as always, after SIGCONT',
    async hold(bench) {
      const direct = await runDirect(bench);
      const { running, codex } = await startCounted(bench);
      running.kill('SIGSTOP');
      await waitFor('our standstill', () => stateOf(running.pid) === 'T');
      running.release();
      await waitFor('the end of Codex', () => stateOf(codex) === 'Z');
      expect(stateOf(running.pid)).toBe('T');
      running.kill('SIGCONT');
      const run = await running.ended;
      expectUndisturbed(run, direct);
      expectCounted(bench, run);
    },
  },
  {
    name: 'codex-metered is paused while Codex writes much',
    done: 'SIGSTOP to our process alone, while Codex writes 30 MB',
    codex: `${SAME}, after SIGCONT: until then Codex is at most 1 MB ahead, and waits`,
    record: 'as always, after SIGCONT',
    async hold(bench) {
      const counter = join(bench.folder, 'written');
      const codex = writeSessionFake(bench, talkative(counter));
      const written = () => (existsSync(counter) ? Number(readFileSync(counter, 'utf8')) : 0);
      const running = bench.start(['exec', '--json', 'x'], { codex });
      await waitFor('much output', () => written() > 5 * MB);
      running.kill('SIGSTOP');
      await waitFor('our standstill', () => stateOf(running.pid) === 'T');
      const atStop = written();
      // Asleep in a write, with nothing else to do.
      await waitForStandstill(written);
      expect(written()).toBeLessThan(30 * MB);
      expect(written() - atStop).toBeLessThan(MB);
      running.kill('SIGCONT');
      const run = await running.ended;
      const direct = await bench.run(['exec', '--json', 'x'], { codex, direct: true });
      expect(withoutVarying(run.stdout)).toBe(withoutVarying(direct.stdout));
      expect(run.exitCode).toBe(direct.exitCode);
      expect(recordOf(bench, run).responses.map(({ responseKey }) => responseKey)).toEqual(FAKE_RESPONSES);
    },
  },
  {
    name: 'Codex ignores SIGTERM',
    done: 'we are sent it; Codex says so and works on to its end',
    codex: `${SAME}; nothing of ours ends it or leaves it`,
    record: 'what came before and what came after',
    async hold(bench) {
      const ready = join(bench.folder, 'ready');
      const codex = writeSessionFake(bench, STUBBORN);
      const ends = [];
      for (const direct of [true, false]) {
        const running = bench.start(['exec', '--json', 'x'], { codex, direct, env: { READY: `${ready}-${direct}` } });
        await waitFor('Codex to listen', () => existsSync(`${ready}-${direct}`));
        running.kill('SIGTERM');
        ends.push(await running.ended);
      }
      const [direct, metered] = ends;
      if (!direct || !metered) throw new Error('both have ended');
      expectUndisturbed(metered, direct);
      expect(direct.stdout.toString()).toContain('I go on');
      expect(recordOf(bench, metered).responses.map(({ responseKey }) => responseKey)).toEqual(FAKE_RESPONSES);
    },
  },
];

/** Starts the turn, and resolves when it waits for its second response and its first is recorded. */
async function startCounted(bench: Workbench): Promise<{ running: Held; codex: number }> {
  const running = startHeld(bench);
  await running.waits;
  await waitFor('the first response', () => countResponses(bench) === 1);
  const [codex = 0] = listDescendants(running.pid);
  return { running, codex };
}

/** Resolves when a figure has been the same for half a second. */
async function waitForStandstill(read: () => number): Promise<void> {
  let last = read();
  let since = performance.now();
  await waitFor('Codex to wait', () => {
    const figure = read();
    if (figure !== last) since = performance.now();
    last = figure;
    return performance.now() - since > 500;
  });
}

/** Writes 30 MB, and how far it is. */
function talkative(counter: string): string {
  return `
    tell(usage[0]);
    const counter = fs.openSync(${JSON.stringify(counter)}, 'w');
    const line = '{"type":"item.completed","item":"'.padEnd(65533, 'x') + '"}\\n';
    for (let i = 0; i < 480; i++) {
      write(1, line);
      fs.writeSync(counter, String(i * 65536).padStart(12), 0);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    tell(usage[1]);
    process.exit(3);`;
}

const STUBBORN = `
    process.on('SIGTERM', () => {
      write(1, '{"type":"item.completed","item":"I go on"}\\n');
      setTimeout(() => {
        tell(usage[1]);
        write(1, '{"type":"turn.completed","usage":{"input_tokens":1200,"output_tokens":40}}\\n');
        process.exit(6);
      }, 300);
    });
    tell(usage[0]);
    setInterval(() => {}, 1000);
    fs.writeFileSync(process.env.READY, '');`;
