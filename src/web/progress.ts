import type { Provider } from '../usage/provider.js';

/** The progress of an import of past sessions, which runs beside the server. */
export interface HistoryState {
  /** `off`: this server imports nothing. */
  readonly state: 'off' | 'reading' | 'done' | 'failed';
  readonly filesDone: number;
  readonly filesTotal: number;
  /** Why it failed. */
  readonly problem: string | null;
}

/** The session files on this machine, which `codex-usage import` reads. */
export interface PastSessions {
  /** How many there are of each agent, the recorded ones among them. */
  count(): Promise<readonly { readonly provider: Provider; readonly fileCount: number }[]>;
  /** Starts to read what is new in them. */
  import(): void;
}

export interface Progress {
  state(): HistoryState;
  /** Calls `listener` with every new state until the returned function is called. */
  subscribe(listener: (state: HistoryState) => void): () => void;
  /** Says that somebody without a page, such as Prometheus, has asked for figures. */
  noteReader(): void;
}

export interface ProgressReport extends Progress {
  report(state: Partial<HistoryState>): void;
  /** Whether any page is open, or figures were asked for without one since the last call. */
  isWatched(): boolean;
}

export function createProgress(): ProgressReport {
  const listeners = new Set<(state: HistoryState) => void>();
  let wasRead = false;
  let current: HistoryState = { state: 'off', filesDone: 0, filesTotal: 0, problem: null };
  return {
    state: () => current,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    report(state) {
      current = { ...current, ...state };
      for (const listener of [...listeners]) listener(current);
    },
    noteReader() {
      wasRead = true;
    },
    isWatched() {
      const isWatched = listeners.size > 0 || wasRead;
      wasRead = false;
      return isWatched;
    },
  };
}
