import { startScriptedApi } from '../test/scripted-api/server.js';

/** The scripted API as a process of its own: it prints its address and ends when its stdin does. */
/** As bench/live.ts expects them. */
const LOOP_RESPONSES = 30;
const usage = { input: 9_000, output: 20 };
const api = await startScriptedApi(
  { prompt: 'at once', replies: [{ message: 'Hello.', usage }] },
  {
    prompt: 'in a loop',
    replies: [
      ...Array.from({ length: LOOP_RESPONSES - 1 }, () => ({
        calls: [{ tool: 'exec_command' as const, cmd: 'true' }],
        usage,
      })),
      { message: 'Hello.', usage },
    ],
  },
  { prompt: 'in 5 s', replies: [{ message: 'Hello.', usage, delayMs: 5_000 }] },
);
process.stdout.write(`${api.url}\n`);
process.stdin.on('end', () => void api.close()).resume();
