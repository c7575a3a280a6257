import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { findMeter, listCodex, stateOf } from '../harness/children.js';
import { expectUndisturbed, withoutVarying } from '../harness/compare.js';
import { expectExact, recordOf } from '../harness/record.js';
import { waitFor } from '../harness/wait.js';
import type { Workbench } from '../harness/workbench.js';
import { FAKE_RESPONSES, writeSessionFake } from './fake-session.js';
import { type Fault, SAME } from './fault.js';
import { countResponses, expectCounted, type Held, runDirect, settle, startHeld } from './turn.js';

const MB = 1024 * 1024;
/** Told to who waits on a busy machine. */
const AT_ONCE_MS = 500;
/** 0.2 s between two looks, and what a busy machine takes. */
const PAUSE_MS = 500;

export const PROCESS_FAULTS: readonly Fault[] = [
  {
    name: 'codex-metered is killed by SIGKILL',
    done: 'its process alone, while Codex waits for its second response, which its meter has heard of or not yet',
    codex:
      'ended by SIGKILL at once, as if it had been sent to Codex; the caller sees the signal, and every byte until then',
    record: 'what was used until then, `interrupted`',
    async hold(bench) {
      const direct = await runDirect(bench);
      const { running, codex } = await startCounted(bench);
      const meter = await findMeter(running.pid);
      running.kill('SIGKILL');
      const killedAt = performance.now();
      await waitFor('the end of Codex', () => hasEnded(codex));
      expect(performance.now() - killedAt).toBeLessThan(AT_ONCE_MS);
      const run = await running.ended;
      running.release();
      expect(run.signal).toBe('SIGKILL');
      expect(withoutVarying(run.stdout).length).toBeGreaterThan(0);
      expect(withoutVarying(direct.stdout).startsWith(withoutVarying(run.stdout))).toBe(true);
      await waitFor('the end of the meter', () => hasEnded(meter));
      expect(recordOf(bench, run)).toMatchObject({ status: 'interrupted', signal: 'SIGKILL', exitCode: null });
      expectExact(bench, { ...run, ledger: run.ledger.slice(0, 1) });
    },
  },
  {
    name: 'codex-metered is paused by SIGSTOP',
    done: 'a runner stops our process alone, while Codex works, and lets it go on',
    codex: `stopped within half a second, as if the signals had been sent to Codex; then ${SAME}`,
    record: 'as always',
    async hold(bench) {
      const direct = await runDirect(bench);
      const { running, codex } = await startCounted(bench);
      running.kill('SIGSTOP');
      const stoppedAt = performance.now();
      await waitFor('the standstill of Codex', () => stateOf(codex) === 'T');
      expect(performance.now() - stoppedAt).toBeLessThan(PAUSE_MS);
      running.kill('SIGCONT');
      const wentOnAt = performance.now();
      await waitFor('Codex to go on', () => stateOf(codex) !== 'T');
      expect(performance.now() - wentOnAt).toBeLessThan(PAUSE_MS);
      running.release();
      const run = await running.ended;
      expectUndisturbed(run, direct);
      expectCounted(bench, run);
    },
  },
  {
    name: 'codex-metered is paused, then killed',
    done: 'SIGSTOP, then SIGKILL to our process alone',
    codex: 'stopped, then ended by SIGKILL',
    record: 'what was used until then, `interrupted`',
    async hold(bench) {
      const { running, codex } = await startCounted(bench);
      const meter = await findMeter(running.pid);
      running.kill('SIGSTOP');
      await waitFor('the standstill of Codex', () => stateOf(codex) === 'T');
      running.kill('SIGKILL');
      await waitFor('the end of Codex', () => hasEnded(codex));
      const run = await running.ended;
      running.release();
      await waitFor('the end of the meter', () => hasEnded(meter));
      expect(expectExact(bench, { ...run, ledger: run.ledger.slice(0, 1) })).toMatchObject({ status: 'interrupted' });
    },
  },
  {
    name: 'codex-metered is paused while Codex writes much',
    done: 'SIGSTOP to our process alone, while Codex writes 30 MB',
    codex: `stopped within half a second; then ${SAME}`,
    record: 'as always',
    async hold(bench) {
      const counter = join(bench.folder, 'written');
      const codex = writeSessionFake(bench, talkative(counter));
      const written = () => (existsSync(counter) ? Number(readFileSync(counter, 'utf8')) : 0);
      const running = bench.start(['exec', '--json', 'x'], { codex });
      await waitFor('much output', () => written() > 5 * MB);
      running.kill('SIGSTOP');
      await waitFor('our standstill', () => stateOf(running.pid) === 'T');
      await waitForStandstill(written);
      expect(written()).toBeLessThan(30 * MB);
      running.kill('SIGCONT');
      const run = await running.ended;
      const direct = await bench.run(['exec', '--json', 'x'], { codex, direct: true });
      expect(withoutVarying(run.stdout)).toBe(withoutVarying(direct.stdout));
      expect(run.exitCode).toBe(direct.exitCode);
      expect(recordOf(bench, run).responses.map(({ responseKey }) => responseKey)).toEqual(FAKE_RESPONSES);
    },
  },
  {
    name: 'The meter is killed by SIGKILL',
    done: 'the process that records, while Codex waits for its second response; and codex-metered itself, after it',
    codex: `${SAME}; a SIGKILL of codex-metered still ends Codex`,
    record: 'settled from the session file by the next command, and marked `abandoned`',
    async hold(bench) {
      const direct = await runDirect(bench);
      const unharmed = await startCounted(bench);
      process.kill(await findMeter(unharmed.running.pid), 'SIGKILL');
      unharmed.running.release();
      const run = await unharmed.running.ended;
      expectUndisturbed(run, direct);
      await settle(bench);
      expect(recordOf(bench, run)).toMatchObject({ status: 'abandoned' });
      expectCounted(bench, run);

      const { running, codex } = await startCounted(bench, 3);
      const meter = await findMeter(running.pid);
      process.kill(meter, 'SIGKILL');
      await waitFor('the end of the meter', () => hasEnded(meter));
      await waitFor('who stands by instead', () => listCodex(running.pid).length === 2);
      running.kill('SIGKILL');
      await waitFor('the end of Codex', () => hasEnded(codex));
      running.release();
      await running.ended;
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

/** Starts the turn, and resolves when it waits for its second response and its first is recorded, as the `nth`. */
async function startCounted(bench: Workbench, nth = 1): Promise<{ running: Held; codex: number }> {
  const running = startHeld(bench);
  await running.waits;
  await waitFor('the first response', () => countResponses(bench) === nth);
  const [codex = 0] = listCodex(running.pid);
  return { running, codex };
}

function hasEnded(pid: number): boolean {
  return [undefined, 'Z'].includes(stateOf(pid));
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
