/** What the commands load of this room: a bundle of its own, because it holds the client of PostgreSQL. */
export { connectTo } from './connection.js';
export { type PushOutcome, push, pushSpooled, showPush, watch } from './push.js';
export { listSpooled } from './spool.js';
