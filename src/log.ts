import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/** Where faults and fallbacks are told. Never on the caller's streams. Counts and names only: no prompt, no output. */
export interface Log {
  warn(message: string, fields: Readonly<Record<string, unknown>>): void;
  /** Resolves when every line so far is in the file. Never rejects. */
  flush(): Promise<void>;
}

/** A log of JSON lines in `path`. pino is loaded with the first line: most runs have none. */
export function openLog(path: string): Log {
  let logger: Promise<import('pino').Logger | undefined> | undefined;
  let written: Promise<unknown> = Promise.resolve();
  return {
    warn(message, fields) {
      logger ??= createLogger(path).catch(() => undefined);
      const opened = logger;
      written = written.then(async () => (await opened)?.warn(fields, message)).catch(() => undefined);
    },
    async flush() {
      await written;
    },
  };
}

async function createLogger(path: string): Promise<import('pino').Logger> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const { pino } = await import('pino');
  const destination = pino.destination({ dest: path, sync: true, mode: 0o600 });
  // Without a listener a full disk would throw in our process.
  destination.on('error', () => undefined);
  return pino({ base: { pid: process.pid }, timestamp: pino.stdTimeFunctions.isoTime }, destination);
}
