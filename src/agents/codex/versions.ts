function minorOf(cliVersion: string | undefined): number | undefined {
  const minor = /^0\.(\d+)/.exec(cliVersion ?? '')?.[1];
  return minor === undefined ? undefined : Number(minor);
}

/** Whether this Codex writes a usage record for each response: since 0.153.4. */
export function writesUsageRecords(cliVersion: string | undefined): boolean {
  return (minorOf(cliVersion) ?? 0) >= 153;
}

/** Whether this Codex writes the beginning of each turn, and its id into records: since 0.101. */
export function writesTurns(cliVersion: string | undefined): boolean {
  return (minorOf(cliVersion) ?? 0) > 98;
}
