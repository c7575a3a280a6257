/** Tells when the database has changed, to whom it matters. */
export interface Changes {
  /** Calls `listener` after each change until the returned function is called. */
  subscribe(listener: () => void): () => void;
  close(): void;
}

const INTERVAL_MS = 500;

/**
 * Asks `readVersion`, which is cheap, for as long as anyone listens. What it throws is no change: a database that is
 * locked is asked again.
 */
export function watchChanges(readVersion: () => number, intervalMs = INTERVAL_MS): Changes {
  const listeners = new Set<() => void>();
  let known: number | undefined;
  let timer: NodeJS.Timeout | undefined;

  const look = () => {
    const version = attempt(readVersion);
    if (version === undefined || version === known) return;
    known = version;
    for (const listener of [...listeners]) listener();
  };
  const rest = () => {
    clearInterval(timer);
    timer = undefined;
  };
  return {
    subscribe(listener) {
      if (!timer) {
        known = attempt(readVersion);
        timer = setInterval(look, intervalMs);
      }
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
        if (listeners.size === 0) rest();
      };
    },
    close() {
      listeners.clear();
      rest();
    },
  };
}

function attempt(read: () => number): number | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
