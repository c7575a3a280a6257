/** What is done with the lines of a byte stream. */
export interface LineHandlers {
  /** Whether the line that begins with `head` (at least 80 bytes of it, or all) is worth decoding. Default: all are. */
  readonly wants?: (head: Buffer, number: number) => boolean;
  /** `number`: lines are counted from 1, those that nobody wants too. */
  readonly onLine: (line: string, number: number) => void;
  /** A line longer than the limit: it is dropped, so that memory stays flat. */
  readonly onOverlong?: (number: number) => void;
}

export interface LineSplitter {
  push(chunk: Buffer): void;
  /** Hands over what stands after the last newline, if anything. */
  end(): void;
}

const HEAD_BYTES = 80;
const NEWLINE = 0x0a;
const DEFAULT_LIMIT_BYTES = 32 * 1024 * 1024;

/** Splits bytes into lines without their newline. Lines that nobody wants are never decoded nor held. */
export function createLineSplitter(handlers: LineHandlers, limitBytes = DEFAULT_LIMIT_BYTES): LineSplitter {
  const { wants = () => true, onLine, onOverlong } = handlers;
  let held: Buffer[] = [];
  let heldBytes = 0;
  let dropping = false;
  let number = 1;

  const finish = (tail: Buffer) => {
    const own = number++;
    if (dropping) {
      dropping = false;
      return;
    }
    const line = held.length === 0 ? tail : Buffer.concat([...held, tail]);
    held = [];
    heldBytes = 0;
    if (line.length > 0 && wants(line, own)) onLine(line.toString('utf8'), own);
  };

  const hold = (tail: Buffer) => {
    if (dropping || tail.length === 0) return;
    const judged = heldBytes >= HEAD_BYTES;
    held.push(tail);
    heldBytes += tail.length;
    const overlong = heldBytes > limitBytes;
    if (overlong) onOverlong?.(number);
    // Once per line: putting the pieces of a long one together for each that arrives would take ever longer.
    if (
      overlong ||
      (!judged && heldBytes >= HEAD_BYTES && !wants(held.length === 1 ? tail : Buffer.concat(held), number))
    ) {
      dropping = true;
      held = [];
      heldBytes = 0;
    }
  };

  return {
    push(chunk) {
      let start = 0;
      for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, start)) {
        finish(chunk.subarray(start, end));
        start = end + 1;
      }
      hold(chunk.subarray(start));
    },
    end() {
      finish(Buffer.alloc(0));
    },
  };
}
