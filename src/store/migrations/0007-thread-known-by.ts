/**
 * How an invocation's thread is known. What Codex itself told goes before what was only seen in a session file, where two
 * invocations record the same response: the client of an app-server, and the server that writes its session file.
 */
export const THREAD_KNOWN_BY = `
ALTER TABLE invocations ADD COLUMN thread_known_by TEXT;
`;
