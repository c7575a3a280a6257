/** The part of `process` that signals need, so that a test can send them. */
export interface SignalTarget {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
}

export interface SignalForwarding {
  /** The first signal that asked Codex to end, if any came. */
  interrupted(): NodeJS.Signals | undefined;
  /** Stops forwarding: signals mean to us what they mean to any process again. */
  stop(): void;
}

const ENDING: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
const FORWARDED: readonly NodeJS.Signals[] = [...ENDING, 'SIGUSR1', 'SIGUSR2', 'SIGCONT'];

/**
 * Sends Codex the signals that we are sent, and survives them: Codex decides what they mean. A terminal's Ctrl-C
 * reaches Codex twice then, from the terminal and from us, which makes no difference to it (measured on 0.169).
 */
export function forwardSignals(self: SignalTarget, kill: (signal: NodeJS.Signals) => void): SignalForwarding {
  let interrupted: NodeJS.Signals | undefined;
  const listeners = FORWARDED.map((signal) => {
    const listener = () => {
      if (ENDING.includes(signal)) interrupted ??= signal;
      kill(signal);
    };
    self.on(signal, listener);
    return [signal, listener] as const;
  });
  return {
    interrupted: () => interrupted,
    stop: () => {
      for (const [signal, listener] of listeners) self.off(signal, listener);
    },
  };
}
