import { startScriptedApi } from '../test/scripted-api/server.js';

/** The scripted API as a process of its own: it prints its address and ends when its stdin does. */
const api = await startScriptedApi({
  prompt: /./,
  replies: [{ message: 'Hello.', usage: { input: 9_000, output: 20 } }],
});
process.stdout.write(`${api.url}\n`);
process.stdin.on('end', () => void api.close()).resume();
