/** What the front hands down to the meter, by number: the link between them, */
export const LINK_FD = 3;
/** where a runner is told of the invocation, */
export const EVENTS_FD = 4;
/** and the socket at which Codex's telemetry arrives. */
export const TELEMETRY_FD = 5;

/** The argument by which a meter only says whether one can be started. */
export const CHECK = '--check';
