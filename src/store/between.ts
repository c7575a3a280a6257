/** From when to when: parameters `@fromMs`, inclusive, and `@untilMs`, exclusive, where they are defined. */
export interface Between {
  readonly fromMs?: number | undefined;
  readonly untilMs?: number | undefined;
}

/** The condition that what happened first and last, or at a time, happened then. */
export function isBetween({ fromMs, untilMs }: Between, first: string, last = first): string {
  const conditions = [
    ...(fromMs === undefined ? [] : [`${first} >= @fromMs`]),
    ...(untilMs === undefined ? [] : [`${last} < @untilMs`]),
  ];
  return conditions.join(' AND ') || 'TRUE';
}
