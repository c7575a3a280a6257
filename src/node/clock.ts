/**
 * Returns a time in milliseconds that never goes back, to measure how long something takes. `performance.now()` says the same, but
 * loading what is behind it takes Node 2 ms, which every run of Codex would wait for.
 */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
