import { closeSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Paths } from '../../config/paths.js';
import { messageOf, UsageError } from '../../errors.js';
import { formatPlural } from '../../report/amounts.js';
import { createCalendar } from '../../report/calendar.js';
import { exportUsage } from '../../report/export.js';
import { readSnapshot } from '../../store/queries.js';
import type { Store } from '../../store/store.js';
import type { ExportRequest } from './export-options.js';
import type { Host } from './host.js';
import { showReport } from './show.js';

/** Writes what `request` asks for to a file or the host. Returns the exit code: 1 when there is nothing to export. */
export function runExportCommand(request: ExportRequest, host: Host, paths: Paths): Promise<number> {
  const { output } = request;
  return showReport(request, host, paths, (store) => {
    if (output === undefined) {
      exportTo(store, request, (text) => host.stdout.write(text));
      return '';
    }
    const path = resolve(host.cwd, output);
    const count = writeFile(path, (put) => exportTo(store, request, put));
    return `${formatPlural(count, request.subject === 'days' ? 'row' : 'response')} written to ${path}\n`;
  });
}

function exportTo(store: Store, request: ExportRequest, put: (text: string) => void): number {
  const calendar = createCalendar(request.timeZone);
  return readSnapshot(store, (connection) => {
    return exportUsage(connection, request.subject, request.exportAs, { query: request, calendar, put });
  });
}

/** What is there stays until the new file is whole. */
function writeFile(path: string, write: (put: (text: string) => void) => number): number {
  const temporary = `${path}.${process.pid}.tmp`;
  const file = explaining(path, () => openSync(temporary, 'wx', 0o600));
  try {
    const count = write((text) => explaining(path, () => writeFileSync(file, text)));
    explaining(path, () => renameSync(temporary, path));
    return count;
  } finally {
    closeSync(file);
    rmSync(temporary, { force: true });
  }
}

function explaining<T>(path: string, operate: () => T): T {
  try {
    return operate();
  } catch (error) {
    throw new UsageError(`${path} cannot be written: ${messageOf(error)}`);
  }
}
