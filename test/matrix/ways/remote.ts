import { type ServerOptions, startListeningServer } from '../../clients/listening-server.js';
import { askedBy, type Played, type Stage, type Way } from '../way.js';

/** `codex exec` has had --remote since 0.171; the session file is written by the server. */
const REMOTE_SINCE = 170;

const PLAYS: readonly Way[] = [
  { name: 'exec --remote', play: (stage) => playRemote(stage, ['--json', 'loop']) },
  { name: 'exec --remote, human mode', play: (stage) => playRemote(stage, ['loop']) },
  { name: 'exec --remote, two at once', play: playTwo },
  { name: 'exec --remote, resumed', play: playResumed },
  {
    name: 'exec --remote, another CODEX_HOME',
    asksProc: true,
    play: (stage) => playRemote(stage, ['--json', 'loop'], { home: 'own' }),
  },
  { name: 'exec --remote, server metered too', play: playBothMetered },
];

/** `codex exec --remote`: a response is the client's whom Codex told the thread's name. */
export const REMOTE_WAYS = PLAYS.map((way): Way => ({ ...way, since: REMOTE_SINCE }));

async function playRemote(stage: Stage, args: readonly string[], options: ServerOptions = {}): Promise<Played> {
  const server = await startListeningServer(stage.bench, { home: 'shared', codex: stage.codex, ...options });
  const run = await stage.run(['exec', '--remote', server.address, ...args]);
  await server.stop();
  return run;
}

async function playTwo({ bench, run, codex }: Stage): Promise<Played[]> {
  const server = await startListeningServer(bench, { home: 'shared', codex });
  const prompts = ['1', '2'].map((name) => `loop for number ${name}`);
  const runs = await Promise.all(prompts.map((prompt) => run(['exec', '--json', '--remote', server.address, prompt])));
  await server.stop();
  return runs.map((ended, index) => ({ ...ended, ledger: askedBy(bench, prompts[index] ?? '') }));
}

async function playResumed({ bench, run, codex }: Stage): Promise<Played> {
  const server = await startListeningServer(bench, { home: 'shared', codex });
  await run(['exec', '--json', '--remote', server.address, 'loop']);
  const threadId = String(bench.api.ledger[0]?.threadId);
  const resumed = await run(['exec', 'resume', '--json', '--remote', server.address, threadId, 'greet']);
  await server.stop();
  return resumed;
}

/** Nothing is the server's own: both are judged, the server against an empty ledger. */
async function playBothMetered({ bench, run, codex }: Stage): Promise<Played[]> {
  const server = await startListeningServer(bench, { home: 'shared', codex, meter: [] });
  const client = await run(['exec', '--json', '--remote', server.address, 'loop']);
  await server.stop();
  return [client, { pid: server.pid, exitCode: 0, ledger: [] }];
}
