import { closeSync, constants, fstatSync, openSync, readdirSync, readlinkSync, write, writeSync } from 'node:fs';
import { messageOf, UsageError } from '../errors.js';

/** The most that may wait for a slow reader. Lines beyond that are dropped. */
const WAITING_LIMIT_BYTES = 1024 * 1024;
const RETRY_MS = 10;
const PATIENCE_MS = 500;
const WRITING = constants.O_WRONLY | constants.O_APPEND | constants.O_NONBLOCK;

/**
 * Opens `target`: a file to append to, or `fd:N`, a descriptor that our caller has opened for us and that Codex does not
 * inherit. Returns a descriptor for `createLineSink`. Throws a UsageError that begins with `option`, an option or a variable.
 */
export function openLineTarget(target: string, option: string): number {
  try {
    const number = /^fd:(.*)$/.exec(target)?.[1];
    return number === undefined ? openSync(target, WRITING | constants.O_CREAT, 0o666) : takeOver(number);
  } catch (error) {
    const advice = (error as NodeJS.ErrnoException).code === 'ENXIO' ? 'nobody reads from it' : messageOf(error);
    throw new UsageError(`${option}: ${target} cannot be written: ${advice}.`);
  }
}

function takeOver(written: string): number {
  const fd = Number(written);
  if (!/^\d+$/.test(written) || fd < 3) throw new Error('use the number of a descriptor above 2, such as fd:3');
  const kind = fstatSync(fd);
  if (!(kind.isFIFO() || kind.isFile() || kind.isSocket() || kind.isCharacterDevice()) || isInternal(fd)) {
    throw new Error('the caller has not opened that descriptor');
  }
  // An empty write throws when the descriptor is open for reading only.
  writeSync(fd, '');
  try {
    // A descriptor that we open ourselves may be non-blocking, which the one that we share with the caller must not become, and
    // Codex does not inherit it. Only Linux can open it anew, and not a socket.
    const opened = process.platform === 'linux' ? openSync(`/proc/self/fd/${fd}`, WRITING) : fd;
    if (opened !== fd) closeSync(fd);
    return opened;
  } catch {
    return fd;
  }
}

/** Whether a descriptor is one of Node's internal pipes: then this process has the other end too. */
function isInternal(fd: number): boolean {
  if (process.platform !== 'linux') return false;
  const nameOf = (one: number | string) => {
    try {
      return readlinkSync(`/proc/self/fd/${one}`);
    } catch {
      return undefined;
    }
  };
  const name = nameOf(fd);
  if (!name?.startsWith('pipe:')) return false;
  return readdirSync('/proc/self/fd').some((one) => Number(one) > 2 && Number(one) !== fd && nameOf(one) === name);
}

/**
 * Writes lines to a descriptor that `openLineTarget` has opened, in this process or in the one that started it. The reader may be
 * slow or gone: nothing waits for it.
 */
export function createLineSink(fd: number) {
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let state: 'idle' | 'writing' | 'broken' = 'idle';
  let dropped = 0;
  let emptied: () => void = () => undefined;

  const next = () => {
    const [first] = waiting;
    if (!first || state === 'broken') {
      if (state === 'writing') state = 'idle';
      return emptied();
    }
    state = 'writing';
    write(fd, first, (error, written) => {
      if (error?.code === 'EAGAIN') return void setTimeout(next, RETRY_MS).unref();
      if (error) {
        state = 'broken';
        dropped += waiting.length;
        waiting = [];
        return emptied();
      }
      waitingBytes -= written;
      if (written < first.length) waiting[0] = first.subarray(written);
      else waiting.shift();
      next();
    });
  };

  return {
    write(line: string): void {
      const bytes = Buffer.from(`${line}\n`);
      if (state === 'broken' || waitingBytes + bytes.length > WAITING_LIMIT_BYTES) {
        dropped++;
        return;
      }
      waiting.push(bytes);
      waitingBytes += bytes.length;
      if (state === 'idle') next();
    },
    /** How many lines were dropped because the reader was too slow or gone. */
    get dropped(): number {
      return dropped;
    },
    /** Waits up to half a second until the reader has taken what is left. Never rejects. */
    async close(): Promise<void> {
      if (state !== 'writing') return;
      let timer: NodeJS.Timeout | undefined;
      await new Promise<void>((resolve) => {
        emptied = resolve;
        timer = setTimeout(resolve, PATIENCE_MS);
      });
      clearTimeout(timer);
    },
  };
}
