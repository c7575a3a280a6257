import { statSync } from 'node:fs';
import { StoreError } from '../errors.js';
import { openDatabase } from './driver.js';
import { explainingFaults } from './open.js';

/** Which file stands at `path`, if any does: another one after the database was deleted or replaced. */
export function identifyFile(path: string): string | undefined {
  const file = statSync(path, { throwIfNoEntry: false });
  return file && `${file.dev}:${file.ino}`;
}

/**
 * Reads an invocation and its responses back by a connection of its own: the one that wrote them remembers what a
 * spoiled file has lost. Throws a StoreError where they are not there.
 */
export function confirmInFile(path: string, invocationId: string): void {
  explainingFaults(path, () => {
    const connection = openDatabase(path, { readonly: true, timeout: 0 });
    try {
      const found = connection
        .prepare('SELECT 1 FROM invocations i LEFT JOIN response_rows r ON r.invocation_id = i.id WHERE i.id = ?')
        .all(invocationId);
      if (found.length === 0) throw new StoreError('corrupt', `The database ${path} has lost what it took.`);
    } finally {
      connection.close();
    }
  });
}
