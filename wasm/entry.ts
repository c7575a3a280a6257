/* What stands where in an entry of the scan, in bytes. src/agents/codex/rollout-scanner.ts has the same in words. */
export const ENTRY_BYTES: usize = 96;

export const KIND: usize = 0;
/** Where its line begins and, of one that is handed over as it is, where it ends. */
export const START: usize = 4;
export const END: usize = 8;
/** Of a usage record: which of its ids are others than before (a bit for each), its ids and its key. */
export const FLAGS: usize = 12;
export const ID: usize = 16;
export const KEY: usize = 40;
export const TIME: usize = 48;
/** Of a response, or the thread's total. */
export const USAGE: usize = 56;
/** Of the newest response. */
export const LAST: usize = 76;
