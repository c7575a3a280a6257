import { spawnSync } from 'node:child_process';
import { messageOf } from '../../errors.js';
import { CHECK } from '../../meter/messages.js';
import type { Check } from '../../report/doctor.js';
import { describeDriver } from '../../store/driver.js';
import type { Host } from './host.js';

/** How long a meter may take to start. */
const METER_MS = 20_000;

/** Whether a run could be metered at all. Without SQLite there is no meter, and the reason would stand there twice. */
export function checkMetering(host: Host): Check[] {
  const sqlite = checkSqlite();
  return sqlite.status === 'ok' ? [sqlite, checkMeter(host)] : [sqlite];
}

/** Whether any database could be opened, also where none is there yet. */
function checkSqlite(): Check {
  const name = 'sqlite';
  try {
    return { name, status: 'ok', text: describeDriver() };
  } catch (error) {
    const advice = 'Codex works all the same, and codex-usage import counts its sessions later.';
    return { name, status: 'attention', text: messageOf(error), advice };
  }
}

/** Starts a meter, as a run does, that only says whether it could work. */
function checkMeter({ meter }: Host): Check {
  const name = 'metering';
  const { status, signal, stderr, error } = spawnSync(process.execPath, [meter, CHECK], {
    ...{ encoding: 'utf8', timeout: METER_MS, stdio: ['ignore', 'ignore', 'pipe'] },
  });
  if (status === 0) return { name, status: 'ok', text: 'its process starts' };
  const reason = error?.message ?? (stderr.trim().split('\n')[0] || `it ended with ${signal ?? status}`);
  return {
    ...{ name, status: 'attention', text: `its process does not start: ${reason}` },
    advice: 'Codex works all the same, and codex-usage import counts its sessions later. Install codex-metered again.',
  };
}
