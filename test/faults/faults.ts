import { DATABASE_FAULTS } from './database.js';
import type { Fault } from './fault.js';
import { FLEET_FAULTS } from './fleet.js';
import { HELD_UP_FAULTS } from './held-up.js';
import { LIFETIME_FAULTS } from './lifetimes.js';
import { CROWD_FAULTS } from './many.js';
import { PROCESS_FAULTS } from './processes.js';
import { SESSION_FILE_FAULTS } from './session-file.js';
import { STREAM_FAULTS } from './streams.js';
import { TERMINAL_FAULTS } from './terminals.js';

/** In the order of the table. */
export const FAULTS: readonly Fault[] = [
  ...DATABASE_FAULTS,
  ...SESSION_FILE_FAULTS,
  ...STREAM_FAULTS,
  ...TERMINAL_FAULTS,
  ...PROCESS_FAULTS,
  ...LIFETIME_FAULTS,
  ...HELD_UP_FAULTS,
  ...CROWD_FAULTS,
  ...FLEET_FAULTS,
];
