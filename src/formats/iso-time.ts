const LENGTH = '2026-03-04T05:06:07.089Z'.length;
const ZERO = 0x30;
const POINT = 0x2e;
const ZULU = 0x5a;
/** Up to the seconds. */
const MINUTE_LENGTH = 17;

const minute = { bytes: new Uint8Array(MINUTE_LENGTH), startMs: Number.NaN };

/** The epoch milliseconds of `2026-03-04T05:06:07.089Z` at `start`, as `Date.parse` has them; NaN where no such time stands. */
export function readIsoTime(bytes: Buffer, start: number): number {
  const seconds = readDigit(bytes, start + 17) * 10 + readDigit(bytes, start + 18);
  const millis = readDigit(bytes, start + 20) * 100 + readDigit(bytes, start + 21) * 10 + readDigit(bytes, start + 22);
  const isOfForm = bytes[start + 19] === POINT && bytes[start + 23] === ZULU;
  // Another form, or none.
  if (!(isOfForm && seconds < 60 && millis < 1000)) return parse(bytes, start);
  const withinMinute = seconds * 1000 + millis;
  if (!isSameMinute(bytes, start)) {
    minute.bytes.set(bytes.subarray(start, start + MINUTE_LENGTH));
    minute.startMs = parse(bytes, start) - withinMinute;
  }
  return minute.startMs + withinMinute;
}

/** More than any time can have where no digit stands. */
function readDigit(bytes: Buffer, at: number): number {
  const digit = (bytes[at] ?? 0) - ZERO;
  return digit >= 0 && digit <= 9 ? digit : 10_000;
}

function parse(bytes: Buffer, start: number): number {
  const text = bytes.toString('latin1', start, start + LENGTH);
  // Date.parse makes something of a time with a quote in it, which ends there.
  return text.includes('"') ? Number.NaN : Date.parse(text);
}

function isSameMinute(bytes: Buffer, start: number): boolean {
  for (let index = MINUTE_LENGTH - 1; index >= 0; index--) {
    if (minute.bytes[index] !== bytes[start + index]) return false;
  }
  return true;
}
