/** One server-sent event, with the bytes in which it came. */
export interface StreamEvent {
  readonly bytes: Buffer;
  /** The lines of its `data`, joined. It is empty for a comment. */
  readonly data: string;
}

export interface EventSplitter {
  /** Takes the next bytes of the stream, and returns the events that are complete with them. */
  push(chunk: Uint8Array): StreamEvent[];
  /** Returns the bytes at the end of the stream that are no complete event. */
  rest(): Buffer;
}

const BLANK_LINE = /\r\n\r\n|\n\n|\r\r/g;
/** The most bytes that a chunk can end with of a blank line which goes on in the next chunk. */
const OVERLAP = 3;

/** Splits a stream of server-sent events without changing a byte of it. */
export function createEventSplitter(): EventSplitter {
  let pending = Buffer.alloc(0);
  return {
    push(chunk) {
      BLANK_LINE.lastIndex = Math.max(0, pending.length - OVERLAP);
      pending = Buffer.concat([pending, chunk]);
      const events: StreamEvent[] = [];
      // Latin-1 has one character for each byte, so offsets in the text are offsets in the bytes.
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

/** Returns the bytes of an event that holds `data`. */
export function encodeEvent(data: string): Buffer {
  return Buffer.from(`data: ${data}\n\n`);
}

function toEvent(bytes: Buffer): StreamEvent {
  const lines = bytes.toString('utf8').split(/\r\n|\n|\r/);
  const data = lines.filter((line) => line.startsWith('data:')).map((line) => line.slice(5).replace(/^ /, ''));
  return { bytes, data: data.join('\n') };
}
