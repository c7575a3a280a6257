function minorOf(cliVersion: string | undefined): number | undefined {
  const minor = /^0\.(\d+)/.exec(cliVersion ?? '')?.[1];
  return minor === undefined ? undefined : Number(minor);
}

/** Whether this Codex writes a usage record for each response: since 0.153.4. */
export function writesUsageRecords(cliVersion: string | undefined): boolean {
  return (minorOf(cliVersion) ?? 0) >= 153;
}

/** Whether this Codex writes when a turn begins and which turn a record is of: not up to 0.98. */
export function writesTurns(cliVersion: string | undefined): boolean {
  return (minorOf(cliVersion) ?? 0) > 98;
}
