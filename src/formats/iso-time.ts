const FORM = '0000-00-00T00:00:00.000Z';
const ZERO = 0x30;
const NINE = 0x39;
const DAY_LENGTH = 10;

const day = { bytes: new Uint8Array(DAY_LENGTH), startMs: Number.NaN };

/** The epoch milliseconds of `2026-03-04T05:06:07.089Z` at `start`, as `Date.parse` has them; NaN where no such time stands. */
export function readIsoTime(bytes: Buffer, start: number): number {
  for (let index = DAY_LENGTH; index < FORM.length; index++) {
    const byte = bytes[start + index] as number;
    const isDigit = byte >= ZERO && byte <= NINE;
    // Another form, or none.
    if (FORM.charCodeAt(index) === ZERO ? !isDigit : byte !== FORM.charCodeAt(index)) return parse(bytes, start);
  }
  const hours = readDigits(bytes, start + 11, 2);
  const minutes = readDigits(bytes, start + 14, 2);
  const seconds = readDigits(bytes, start + 17, 2);
  if (hours > 23 || minutes > 59 || seconds > 59) return parse(bytes, start);
  const withinDay = ((hours * 60 + minutes) * 60 + seconds) * 1000 + readDigits(bytes, start + 20, 3);
  if (!isSameDay(bytes, start)) {
    day.bytes.set(bytes.subarray(start, start + DAY_LENGTH));
    day.startMs = parse(bytes, start) - withinDay;
  }
  return day.startMs + withinDay;
}

function parse(bytes: Buffer, start: number): number {
  return Date.parse(bytes.toString('latin1', start, start + FORM.length));
}

function isSameDay(bytes: Buffer, start: number): boolean {
  for (let index = DAY_LENGTH - 1; index >= 0; index--) if (day.bytes[index] !== bytes[start + index]) return false;
  return true;
}

function readDigits(bytes: Buffer, start: number, count: number): number {
  let value = 0;
  for (let at = start; at < start + count; at++) value = value * 10 + (bytes[at] as number) - ZERO;
  return value;
}
