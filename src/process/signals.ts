/** The part of `process` that signals need, so that a test can send them. */
export interface SignalTarget {
  on(signal: NodeJS.Signals, listener: () => void): unknown;
  off(signal: NodeJS.Signals, listener: () => void): unknown;
}

export interface SignalForwarding {
  /** Hands the signals on, including those that came before this call. */
  to(passOn: (signal: NodeJS.Signals) => unknown): void;
  /** The first signal that asked Codex to end, if any came. */
  interrupted(): NodeJS.Signals | undefined;
  /** Stops forwarding: signals mean to us what they mean to any process again. */
  stop(): void;
}

/** Signals that ask a process to end. */
export const ENDING: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
const FORWARDED: readonly NodeJS.Signals[] = [...ENDING, 'SIGUSR1', 'SIGUSR2', 'SIGCONT'];

/**
 * Hands on the signals that we are sent, and survives them: Codex decides what they mean. To be called before Codex is
 * started: a signal that ends us in between would leave Codex running alone.
 */
export function forwardSignals(self: SignalTarget): SignalForwarding {
  let interrupted: NodeJS.Signals | undefined;
  const early: NodeJS.Signals[] = [];
  let send: (signal: NodeJS.Signals) => unknown = (signal) => early.push(signal);
  const listeners = FORWARDED.map((signal) => {
    const listener = () => {
      if (ENDING.includes(signal)) interrupted ??= signal;
      send(signal);
    };
    self.on(signal, listener);
    return [signal, listener] as const;
  });
  return {
    to: (passOn) => {
      send = passOn;
      for (const signal of early.splice(0)) passOn(signal);
    },
    interrupted: () => interrupted,
    stop: () => {
      for (const [signal, listener] of listeners) self.off(signal, listener);
    },
  };
}
