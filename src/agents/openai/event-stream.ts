/** One server-sent event, as it came. */
export interface StreamEvent {
  readonly bytes: Buffer;
  /** Its data lines, joined; empty for a comment. */
  readonly data: string;
}

export interface EventSplitter {
  /** Takes the next bytes of the stream; returns the events that are whole now. */
  push(chunk: Uint8Array): StreamEvent[];
  /** Returns what is left at the end of the stream, which is no whole event. */
  rest(): Buffer;
}

const BLANK_LINE = /\r\n\r\n|\n\n|\r\r/g;
/** How many bytes of a blank line can be at the end of a chunk while the line is not whole. */
const OVERLAP = 3;

/** Splits a stream of server-sent events without changing a byte of it. */
export function createEventSplitter(): EventSplitter {
  let pending = Buffer.alloc(0);
  return {
    push(chunk) {
      BLANK_LINE.lastIndex = Math.max(0, pending.length - OVERLAP);
      pending = Buffer.concat([pending, chunk]);
      const events: StreamEvent[] = [];
      // One character for each byte, so that offsets are the same.
      const text = pending.toString('latin1');
      let start = 0;
      for (let end = BLANK_LINE.exec(text); end; end = BLANK_LINE.exec(text)) {
        events.push(toEvent(pending.subarray(start, BLANK_LINE.lastIndex)));
        start = BLANK_LINE.lastIndex;
      }
      pending = pending.subarray(start);
      return events;
    },
    rest: () => pending,
  };
}

/** An event that holds `data`. */
export function encodeEvent(data: string): Buffer {
  return Buffer.from(`data: ${data}\n\n`);
}

function toEvent(bytes: Buffer): StreamEvent {
  const lines = bytes.toString('utf8').split(/\r\n|\n|\r/);
  const data = lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5).replace(/^ /, ''));
  return { bytes, data: data.join('\n') };
}
