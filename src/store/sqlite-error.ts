/** SQLite's result codes by number, the primary ones in order from 0 on. */
const PRIMARY = [
  ...['OK', 'ERROR', 'INTERNAL', 'PERM', 'ABORT', 'BUSY', 'LOCKED', 'NOMEM', 'READONLY', 'INTERRUPT', 'IOERR'],
  ...['CORRUPT', 'NOTFOUND', 'FULL', 'CANTOPEN', 'PROTOCOL', 'EMPTY', 'SCHEMA', 'TOOBIG', 'CONSTRAINT', 'MISMATCH'],
  ...['MISUSE', 'NOLFS', 'AUTH', 'FORMAT', 'RANGE', 'NOTADB'],
];

/** Those of which the extended code says more than is known without it. Its second byte counts from 1 on. */
const EXTENDED: Readonly<Record<string, readonly string[]>> = {
  BUSY: ['RECOVERY', 'SNAPSHOT', 'TIMEOUT'],
  CONSTRAINT: [
    ...['CHECK', 'COMMITHOOK', 'FOREIGNKEY', 'FUNCTION', 'NOTNULL', 'PRIMARYKEY', 'TRIGGER', 'UNIQUE', 'VTAB'],
    ...['ROWID', 'PINNED', 'DATATYPE'],
  ],
};

/** The name that SQLite's documentation gives a result code, such as SQLITE_CONSTRAINT_FOREIGNKEY for 787. */
export function nameResultCode(code: number): string {
  const primary = PRIMARY[code & 0xff];
  if (primary === undefined) return `SQLITE_${code}`;
  const extended = EXTENDED[primary]?.[(code >> 8) - 1];
  return ['SQLITE', primary, ...(extended ? [extended] : [])].join('_');
}

/** Whether `error` was thrown for what SQLite answered; its `code` then begins with SQLITE_. */
export function isSqliteError(error: unknown): boolean {
  return error instanceof Error && /^SQLITE_/.test(String((error as { code?: unknown }).code));
}
