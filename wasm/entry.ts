/* Where the fields of an entry of the scan are, in bytes. src/agents/codex/rollout-scanner.ts has the same in words of four bytes. */
export const ENTRY_BYTES: usize = 104;

export const KIND: usize = 0;
/** Of a line that was not read: where it begins and ends. */
export const START: usize = 4;
export const END: usize = 8;
/** Of a usage record: which of its ids differ from those of the record before (a bit for each), its ids, and its response id. */
export const FLAGS: usize = 12;
export const ID: usize = 16;
export const RESPONSE_ID: usize = 40;
export const TIME: usize = 48;
/** Of a response, or the thread's total. */
export const USAGE: usize = 56;
/** Of the newest response. */
export const LAST: usize = 76;
/** How many lines are before it. */
export const LINES_BEFORE: usize = 96;
