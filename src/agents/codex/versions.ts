function minorOf(cliVersion: string | undefined): number | undefined {
  const minor = /^0\.(\d+)/.exec(cliVersion ?? '')?.[1];
  return minor === undefined ? undefined : Number(minor);
}

/** Returns how many `token_count` rows add nothing in a sound file: up to 0.125 the first turn begins with one. */
export function countExpectedEmptyRows(cliVersion: string | undefined): number {
  return (minorOf(cliVersion) ?? Number.POSITIVE_INFINITY) <= 125 ? 1 : 0;
}

/** Whether this Codex writes a usage record for each response: since 0.153.4. */
export function writesUsageRecords(cliVersion: string | undefined): boolean {
  return (minorOf(cliVersion) ?? 0) >= 153;
}

/** Whether this Codex writes the beginning of each turn, and its id into records: since 0.101. */
export function writesTurns(cliVersion: string | undefined): boolean {
  return (minorOf(cliVersion) ?? 0) > 98;
}
