/* Times as Codex writes them. */

/** Reads a time like `2026-03-04T05:06:07.089Z` at `start` and writes its epoch milliseconds to `to`. Returns false for any other form. */
export function readTime(to: usize, start: usize): boolean {
  const year = readDigits(start, 4);
  const month = readDigits(start + 5, 2);
  const day = readDigits(start + 8, 2);
  const hour = readDigits(start + 11, 2);
  const minute = readDigits(start + 14, 2);
  const second = readDigits(start + 17, 2);
  const millis = readDigits(start + 20, 3);
  const isDate = year >= 1970 && month >= 1 && month <= 12 && day >= 1 && day <= daysOf(year, month);
  const isTime = hour >= 0 && hour < 24 && minute >= 0 && minute < 60 && second >= 0 && second < 60 && millis >= 0;
  if (!isDate || !isTime || !hasSeparators(start)) return false;
  const withinDay = ((hour * 60 + minute) * 60 + second) * 1000 + millis;
  store<f64>(to, <f64>daysSince1970(year, month, day) * 86_400_000.0 + <f64>withinDay);
  return true;
}

function hasSeparators(start: usize): boolean {
  const isDate = load<u8>(start, 4) === 0x2d && load<u8>(start, 7) === 0x2d && load<u8>(start, 10) === 0x54;
  const isTime = load<u8>(start, 13) === 0x3a && load<u8>(start, 16) === 0x3a && load<u8>(start, 19) === 0x2e;
  return isDate && isTime && load<u8>(start, 23) === 0x5a;
}

function daysOf(year: i32, month: i32): i32 {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Counts in years that begin in March: their leap day is the last day, and the lengths of months repeat every five. */
function daysSince1970(year: i32, month: i32, day: i32): i32 {
  const years = month <= 2 ? year - 1 : year;
  const dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  return years * 365 + years / 4 - years / 100 + years / 400 + dayOfYear - 719_468;
}

/** Returns a number below all that digits can make where something else than digits is there. */
function readDigits(start: usize, length: i32): i32 {
  let value = 0;
  for (let index = 0; index < length; index++) {
    const digit = <u32>load<u8>(start + <usize>index) - 0x30;
    if (digit > 9) return -100_000;
    value = value * 10 + <i32>digit;
  }
  return value;
}
