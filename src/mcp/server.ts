import { once } from 'node:events';
import { type Readable, Writable } from 'node:stream';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js';
import { type AskingRun, type CommandLine, type Question, TOOLS } from './tools.js';

export interface McpHost {
  readonly version: string;
  /** The client's messages, a line of JSON each. The server ends with it. */
  readonly input: Readable;
  /** Writes to the client. */
  readonly write: (text: string) => unknown;
  /** Runs a command line of codex-usage that reads and changes nothing. */
  readonly ask: (line: CommandLine) => Promise<Answer>;
  /** The run whose Codex has started this server, as far as it is recorded by now. */
  readonly findAskingRun: () => Promise<AskingRun | undefined>;
}

export interface Answer {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const INSTRUCTIONS =
  'Answers what Codex runs cost, as codex-metered recorded it from what the API reported. It only reads. A run that is going on is answered with what is recorded so far.';
const HINTS = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };
/** What an agent is given is input that it pays for, so the longest lists of a larger answer are left out. */
const LARGEST_ANSWER = 40_000;

/** Serves the tools to an agent over standard streams. Resolves when the input has ended and every request is answered. */
export async function serveMcp(host: McpHost): Promise<void> {
  const server = new McpServer({ name: 'codex-usage', version: host.version }, { instructions: INSTRUCTIONS });
  const open = new Set<Promise<unknown>>();
  for (const { name, title, description, input, toCommands } of TOOLS) {
    server.registerTool(name, { title, description, inputSchema: input, annotations: HINTS }, (given: object) => {
      const answer = host.findAskingRun().then((asking) => answerCall(host, toCommands(given as never, asking)));
      open.add(answer);
      void answer.finally(() => open.delete(answer));
      return answer;
    });
  }
  const output = new Writable({
    decodeStrings: false,
    write: (chunk, _, done) => done(void host.write(String(chunk))),
  });
  // Before the transport listens, because an input that is short may have ended at once.
  const ended = Promise.race([once(host.input, 'end'), once(host.input, 'close')]);
  await server.connect(new StdioServerTransport(host.input, output));
  await ended.catch(() => undefined);
  do await new Promise((resolve) => setImmediate(resolve));
  while ((await Promise.allSettled(open)).length > 0);
  await server.close();
}

async function answerCall({ ask }: McpHost, questions: readonly Question[]): Promise<CallToolResult> {
  let refusal = '';
  for (const { data, text } of questions) {
    const { exitCode, stdout, stderr } = await ask(insertJson(data));
    if (exitCode === 0) return succeed(JSON.parse(stdout), (await ask(text)).stdout);
    // Of a run that is not known the first answer lists those that there are; of an ambiguous session the second.
    if (refusal === '' || kindOf(stdout) === 'ambiguous') refusal = stderr;
    if (kindOf(stdout) !== 'unknown' && kindOf(stdout) !== 'nothing-metered') break;
  }
  return { isError: true, content: [{ type: 'text', text: refusal.trim() }] };
}

/** After the command's name, since what follows `--` is no option. */
function insertJson([name = '', ...others]: CommandLine): CommandLine {
  return [name, '--json', ...others];
}

function kindOf(stdout: string): string | undefined {
  return stdout === '' ? undefined : JSON.parse(stdout).error?.kind;
}

function succeed(json: Record<string, unknown>, text: string): CallToolResult {
  const { fitting, leftOut } = leaveOutLongest(json);
  const remark =
    leftOut.length === 0
      ? ''
      : `\nLeft out of the data, to keep it short: ${leftOut.join(', ')}. Ask for a part of it.`;
  return { structuredContent: fitting, content: [{ type: 'text', text: text.trimEnd() + remark }] };
}

/** Leaves out the longest list until what is left is short enough; `leftOut` then says which, and how long they were. */
function leaveOutLongest(json: Record<string, unknown>): { fitting: Record<string, unknown>; leftOut: string[] } {
  const fitting = { ...json };
  const leftOut: Record<string, number> = {};
  while (JSON.stringify(fitting).length > LARGEST_ANSWER) {
    const lists = Object.entries(fitting).filter((entry): entry is [string, unknown[]] => Array.isArray(entry[1]));
    const [longest] = lists.sort(([, a], [, b]) => JSON.stringify(b).length - JSON.stringify(a).length);
    if (!longest) break;
    const [name, list] = longest;
    delete fitting[name];
    leftOut[name] = list.length;
  }
  const names = Object.entries(leftOut).map(([name, length]) => `${length} ${name}`);
  return { fitting: names.length === 0 ? fitting : { ...fitting, leftOut }, leftOut: names };
}
