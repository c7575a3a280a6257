import { writeLine } from './write-line.js';

/** How long a line waits for a reader of stderr that takes nothing. */
const PATIENCE_MS = 500;

let said: Promise<unknown> = Promise.resolve();
let isGivenUp = false;

/** Says a line on stderr. Nothing waits for it while Codex works: its reader may have stopped reading. */
export function say(line: string): void {
  said = said.then(async () => {
    // One wait for such a reader is enough, however much there is to say.
    if (isGivenUp) return;
    isGivenUp = (await writeLine(2, `codex-metered: ${line}\n`, PATIENCE_MS)) !== undefined;
  });
}

/** Resolves when all has been said, or given up. */
export async function saidAll(): Promise<void> {
  await said;
}
