import { connectTo } from './connection.js';
import { initFleet, suggestRoles } from './postgres/init.js';
import { forgetUser, listMissing, pruneFleet } from './postgres/upkeep.js';
import { pull, readAccess } from './pull.js';
import { push, pushSpooled, showPush, watch } from './push.js';
import { askFleetSpent } from './spent.js';
import { listSpooled } from './spool.js';

/** What the commands load of this room: a bundle of its own, because it holds the client of PostgreSQL. */
export {
  askFleetSpent,
  connectTo,
  forgetUser,
  initFleet,
  listMissing,
  listSpooled,
  pruneFleet,
  pull,
  push,
  pushSpooled,
  readAccess,
  showPush,
  suggestRoles,
  watch,
};
