import { createServer, type IncomingMessage } from 'node:http';
import { json } from 'node:stream/consumers';
import { deflateRawSync } from 'node:zlib';
import { listenOnLoopback } from './loopback.js';

export interface Comment {
  id: number;
  body: string;
  user: { login: string; type: 'Bot' | 'User' };
}

/** An artifact that an earlier run has left. What is not said is as for a run of this repository on `main`. */
export interface Artifact {
  readonly content: string | Buffer;
  readonly branch?: string;
  readonly ofFork?: boolean;
  readonly expired?: boolean;
  readonly name?: string;
}

export interface GitHubState {
  readonly comments: Comment[];
  readonly artifacts: Artifact[];
  /** The base of each pull request. */
  readonly base: string;
  /** Whether the token may write comments. */
  mayWrite: boolean;
  readonly issues: { number: number; title: string; body: string; state: string }[];
}

/** The part of GitHub's REST API that the action and the scheduled jobs use, on loopback. */
export interface GitHub extends GitHubState {
  readonly url: string;
  readonly requests: { readonly method: string; readonly path: string; readonly token: string | undefined }[];
  /** What the storage of artifacts was asked with: another host in truth, another port here. */
  readonly storageTokens: (string | undefined)[];
  close(): Promise<void>;
}

export async function startGitHub(): Promise<GitHub> {
  const requests: GitHub['requests'][number][] = [];
  const storageTokens: (string | undefined)[] = [];
  const state: GitHubState = { comments: [], artifacts: [], base: 'main', mayWrite: true, issues: [] };
  const storage = createServer((request, response) => {
    storageTokens.push(request.headers.authorization);
    const { content = '' } = state.artifacts[Number(request.url?.slice(1))] ?? {};
    response.end(typeof content === 'string' ? zip(content) : content);
  });
  const { url: storageUrl, close: closeStorage } = await listenOnLoopback(storage);
  const api = createServer(async (request, response) => {
    const { method = '', url = '', headers } = request;
    requests.push({ method, path: url, token: headers.authorization });
    const id = /\/artifacts\/(\d+)\/zip$/.exec(url)?.[1];
    if (id !== undefined) {
      response.writeHead(302, { location: `${storageUrl}/${id}` }).end();
      return;
    }
    const [status, answer] = answerOf(state, request, method === 'GET' ? {} : ((await json(request)) as object));
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
  });
  const { url, close: closeApi } = await listenOnLoopback(api);
  return Object.assign(state, {
    ...{ url, requests, storageTokens },
    close: async () => void (await Promise.all([closeApi(), closeStorage()])),
  });
}

function answerOf(state: GitHubState, { method = '', url = '' }: IncomingMessage, body: object): [number, unknown] {
  const { pathname, searchParams } = new URL(url, 'http://localhost');
  const path = pathname.replace('/repos/octo/shop', '');
  const page = <T>(all: readonly T[]) => all.slice(100 * (Number(searchParams.get('page')) - 1)).slice(0, 100);
  const { comments, artifacts, issues } = state;
  if (method === 'GET' && path === '/actions/artifacts') {
    const named = artifacts.map(describeArtifact).filter(({ name }) => name === searchParams.get('name'));
    return [200, { total_count: named.length, artifacts: page(named) }];
  }
  if (method === 'GET' && path === '/issues') return [200, page(issues.filter((issue) => issue.state === 'open'))];
  if (method === 'GET' && path.endsWith('/comments')) return [200, page(comments)];
  if (method === 'GET' && path.startsWith('/pulls/'))
    return [200, { number: Number(path.slice(7)), base: { ref: state.base } }];
  if (!state.mayWrite) return [403, { message: 'Resource not accessible by integration' }];
  if (method === 'POST' && path === '/issues') {
    issues.push({ title: '', body: '', ...body, number: issues.length + 1, state: 'open' });
    return [201, issues.at(-1)];
  }
  if (method === 'POST' && path.endsWith('/comments')) {
    const user = { login: 'github-actions[bot]', type: 'Bot' } as const;
    comments.push({ body: '', ...body, user, id: comments.length + 1 });
    return [201, comments.at(-1)];
  }
  const id = Number(path.split('/').at(-1));
  const found = path.includes('/comments/')
    ? comments.find((one) => one.id === id)
    : issues.find(({ number }) => number === id);
  return method === 'PATCH' && found ? [200, Object.assign(found, body)] : [404, { message: 'Not Found' }];
}

function describeArtifact(
  { branch = 'main', ofFork, expired = false, name = 'codex-cost-improve' }: Artifact,
  id: number,
) {
  const run = { head_branch: branch, repository_id: 1, head_repository_id: ofFork ? 2 : 1 };
  return { id, name, expired, size_in_bytes: 500, workflow_run: run };
}

/** One file, written as GitHub's artifacts are: streamed, so that its own header knows no sizes. */
function zip(content: string): Buffer {
  const packed = deflateRawSync(content);
  const name = Buffer.from('codex-cost.json');
  const local = Buffer.alloc(30);
  local.writeUInt32LE(0x04034b50, 0);
  local.writeUInt16LE(8, 6);
  local.writeUInt16LE(8, 8);
  local.writeUInt16LE(name.length, 26);
  const descriptor = Buffer.alloc(16);
  descriptor.writeUInt32LE(0x08074b50, 0);
  descriptor.writeUInt32LE(packed.length, 8);
  descriptor.writeUInt32LE(content.length, 12);
  const entry = Buffer.alloc(46);
  entry.writeUInt32LE(0x02014b50, 0);
  entry.writeUInt16LE(8, 10);
  entry.writeUInt32LE(packed.length, 20);
  entry.writeUInt32LE(content.length, 24);
  entry.writeUInt16LE(name.length, 28);
  const files = Buffer.concat([local, name, packed, descriptor]);
  const end = Buffer.alloc(22);
  end.writeUInt32LE(0x06054b50, 0);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(entry.length + name.length, 12);
  end.writeUInt32LE(files.length, 16);
  return Buffer.concat([files, entry, name, end]);
}
