import { afterEach, describe, expect, it } from 'vitest';
import {
  createCalendar,
  findPeriod,
  formatDay,
  parseDay,
  startOfMonth,
  startOfWeek,
  weekdayOf,
} from '../../src/report/calendar.js';

const HOUR_MS = 3_600_000;
const dayOf = (text: string) => parseDay(text) ?? Number.NaN;

describe('a day of the reader', () => {
  it.each([
    ['Europe/Berlin', '2026-03-29', 23],
    ['Europe/Berlin', '2026-10-25', 25],
    ['Europe/Berlin', '2026-07-01', 24],
    ['Australia/Lord_Howe', '2026-10-04', 23.5],
    ['America/Santiago', '2026-09-06', 23],
    ['Asia/Beirut', '2026-03-29', 23],
    ['UTC', '2026-03-29', 24],
  ])('in %s on %s has %d hours', (timeZone, day, hours) => {
    const { startOf } = createCalendar(timeZone);
    expect((startOf(dayOf(day) + 1) - startOf(dayOf(day))) / HOUR_MS).toBe(hours);
  });

  it.each(['Europe/Berlin', 'Asia/Kathmandu', 'America/St_Johns', 'America/Santiago', 'Pacific/Apia'])(
    'in %s begins where the day before ends, all year',
    (timeZone) => {
      const { startOf, dayOf: dayAt } = createCalendar(timeZone);
      const first = dayOf('2026-01-01');
      const days = Array.from({ length: 365 }, (_, index) => first + index);
      expect(days.map((day) => dayAt(startOf(day)))).toEqual(days);
      expect(days.map((day) => dayAt(startOf(day) - 1))).toEqual(days.map((day) => day - 1));
    },
  );

  it('is skipped where a country crossed the date line', () => {
    const { dayOf: dayAt, startOf } = createCalendar('Pacific/Apia');
    expect(formatDay(dayAt(startOf(dayOf('2011-12-31')) - 1))).toBe('2011-12-29');
  });
});

describe('the days of the system', () => {
  const { TZ } = process.env;
  afterEach(() => {
    if (TZ === undefined) delete process.env.TZ;
    else process.env.TZ = TZ;
  });

  it.each(['Europe/Berlin', 'Asia/Kathmandu', 'America/St_Johns', 'Australia/Lord_Howe', 'Pacific/Apia', 'UTC'])(
    'are those of its time zone, %s',
    (timeZone) => {
      process.env.TZ = timeZone;
      const [system, named] = [createCalendar(undefined), createCalendar(timeZone)];
      const [from, until] = [Date.UTC(2011, 11, 1), Date.UTC(2026, 11, 31)];
      expect(system.timeZone).toBe(named.timeZone);
      expect(system.listOffsets(from, until)).toEqual(named.listOffsets(from, until));
      const days = Array.from({ length: 365 }, (_, index) => dayOf('2026-01-01') + index);
      expect(days.map(system.startOf)).toEqual(days.map(named.startOf));
    },
  );

  it('are named where TZ is not set', () => {
    delete process.env.TZ;
    const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
    expect(createCalendar(undefined).timeZone).toBe(timeZone);
  });
});

describe('the offsets of a time zone', () => {
  it('change when its clocks do', () => {
    const offsets = createCalendar('Europe/Berlin').listOffsets(Date.UTC(2026, 0, 1), Date.UTC(2026, 11, 31));
    expect(offsets).toEqual([
      { fromMs: Date.UTC(2026, 0, 1), offsetMs: HOUR_MS },
      { fromMs: Date.UTC(2026, 2, 29, 1), offsetMs: 2 * HOUR_MS },
      { fromMs: Date.UTC(2026, 9, 25, 1), offsetMs: HOUR_MS },
    ]);
  });

  it.each([
    ['UTC', 0],
    ['Asia/Kathmandu', 5.75],
    ['America/St_Johns', -3.5],
  ])('of %s is %d hours in winter', (timeZone, hours) => {
    const [offset] = createCalendar(timeZone).listOffsets(Date.UTC(2026, 0, 1), Date.UTC(2026, 0, 2));
    expect(offset?.offsetMs).toBe(hours * HOUR_MS);
  });
});

describe('what names a day', () => {
  it.each(['2026-11-24', '20261124'])('may be written %s', (text) => {
    expect(formatDay(dayOf(text))).toBe('2026-11-24');
  });

  it.each(['2026-02-30', '2026-13-01', '24.11.2026', '2026-1124', 'today', ''])('is not %j', (text) => {
    expect(parseDay(text)).toBeUndefined();
  });
});

describe('weeks and months', () => {
  it('begin where the reader wants weeks to begin', () => {
    const tuesday = dayOf('2026-11-24');
    const starts = [1, 0, 3].map((weekday) => formatDay(startOfWeek(tuesday, weekday)));
    expect([weekdayOf(tuesday), ...starts]).toEqual([2, '2026-11-23', '2026-11-22', '2026-11-18']);
  });

  it('go on over the end of a year', () => {
    expect(formatDay(startOfMonth(dayOf('2026-12-24'), 1))).toBe('2027-01-01');
    expect(formatDay(startOfMonth(dayOf('2026-01-31'), -1))).toBe('2025-12-01');
  });
});

describe('a period of the reader', () => {
  it.each([
    ['day', '2026-03-29T00:00+01:00', '2026-03-30T00:00+02:00'],
    ['week', '2026-03-23T00:00+01:00', '2026-03-30T00:00+02:00'],
    ['month', '2026-03-01T00:00+01:00', '2026-04-01T00:00+02:00'],
  ] as const)('is the %s around a moment, over a change of the clocks', (period, start, end) => {
    expect(findPeriod(createCalendar('Europe/Berlin'), period, Date.parse('2026-03-29T12:00Z'))).toEqual({
      startMs: Date.parse(start),
      endMs: Date.parse(end),
    });
  });
});
