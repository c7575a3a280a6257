/** An answer of GitHub that is no success. Its message holds nothing of the request but method and path. */
export class GitHubError extends Error {
  /**
   * @param {number} status
   * @param {string} message
   */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

const TIMEOUT_MS = 20_000;
const PER_PAGE = 100;
/** A pull request with more comments than this gets a new one. */
const MAX_PAGES = 30;

/**
 * The REST API of the GitHub that runs this job, for one repository. The token is in a header alone: never in an address, an
 * argument or an error.
 * @param {{ url: string, repository: string, token: string }} access
 */
export function createGitHubApi({ url, repository, token }) {
  const headers = {
    accept: 'application/vnd.github+json',
    authorization: `Bearer ${token}`,
    'user-agent': 'codex-metered',
    'x-github-api-version': '2022-11-28',
  };

  /**
   * @param {'GET' | 'POST' | 'PATCH'} method
   * @param {string} path within the repository
   * @param {unknown} [body]
   * @returns {Promise<any>}
   */
  async function request(method, path, body) {
    const where = `${method} /repos/${repository}${path}`;
    const response = await send(where, `${url}/repos/${repository}${path}`, {
      method,
      headers: body === undefined ? headers : { ...headers, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return response.json();
  }

  /**
   * All entries of a list, page by page.
   * @param {string} path
   * @param {string} [field] which holds the list, where the answer is not one itself
   */
  async function* list(path, field) {
    for (let page = 1; page <= MAX_PAGES; page++) {
      const answer = await request('GET', `${path}${path.includes('?') ? '&' : '?'}per_page=${PER_PAGE}&page=${page}`);
      const entries = field === undefined ? answer : answer[field];
      yield* entries;
      if (entries.length < PER_PAGE) return;
    }
  }

  /**
   * The archive of an artifact. GitHub answers with an address in another host's storage, which must not see the token.
   * @param {number} id
   */
  async function download(id) {
    const where = `GET /repos/${repository}/actions/artifacts/${id}/zip`;
    const options = { headers, redirect: /** @type {const} */ ('manual') };
    const answer = await send(where, `${url}/repos/${repository}/actions/artifacts/${id}/zip`, options);
    const location = answer.headers.get('location');
    const stored = location ? await send(where, location, {}) : answer;
    return Buffer.from(await stored.arrayBuffer());
  }

  return { request, list, download };
}

/** @typedef {ReturnType<typeof createGitHubApi>} GitHubApi */

/**
 * @param {string} where for an error
 * @param {string} address
 * @param {RequestInit} options
 */
async function send(where, address, options) {
  let response;
  try {
    response = await fetch(address, { ...options, signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    const cause = error instanceof Error ? (error.cause instanceof Error ? error.cause.message : error.name) : '';
    throw new GitHubError(0, `GitHub did not answer ${where} (${cause}).`);
  }
  if (response.ok || response.status === 302) return response;
  throw new GitHubError(response.status, `GitHub answered ${where} with ${response.status}.`);
}
