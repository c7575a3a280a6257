import { messageOf } from '../../errors.js';
import type { Check } from '../../report/doctor.js';
import { describeDriver } from '../../store/driver.js';

/** Whether any database could be opened, also where none is there yet. */
export function checkSqlite(): Check {
  const name = 'sqlite';
  try {
    return { name, status: 'ok', text: describeDriver() };
  } catch (error) {
    const advice = 'Codex works all the same, and codex-usage import counts its sessions later.';
    return { name, status: 'attention', text: messageOf(error), advice };
  }
}
