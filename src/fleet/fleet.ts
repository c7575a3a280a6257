import { connectTo } from './connection.js';
import { initFleet, suggestRoles } from './postgres/init.js';
import { forgetUser, pruneFleet } from './postgres/upkeep.js';
import { pull } from './pull.js';
import { push, pushSpooled, showPush, watch } from './push.js';
import { askFleetSpent } from './spent.js';
import { listSpooled } from './spool.js';

/** What the commands load of this room: a bundle of its own, because it holds the client of PostgreSQL. */
export {
  askFleetSpent,
  connectTo,
  forgetUser,
  initFleet,
  listSpooled,
  pruneFleet,
  pull,
  push,
  pushSpooled,
  showPush,
  suggestRoles,
  watch,
};
