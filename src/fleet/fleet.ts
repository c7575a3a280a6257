import { connectTo } from './connection.js';
import { push, pushSpooled, showPush, watch } from './push.js';
import { listSpooled } from './spool.js';

/** What the commands load of this room: a bundle of its own, because it holds the client of PostgreSQL. */
export { connectTo, listSpooled, push, pushSpooled, showPush, watch };
