import { write } from 'node:fs';

/** How long the end of a run waits for whoever reads what we say. */
const PATIENCE_MS = 500;

let said: Promise<void> = Promise.resolve();

/** Says a line on stderr while Codex works. Nothing waits for it: its reader may have stopped reading. */
export function say(line: string): void {
  said = said.then(() => new Promise((resolve) => write(2, `codex-metered: ${line}\n`, () => resolve())));
}

/** Resolves when all has been said, or its reader takes too long. */
export async function saidAll(): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const patience = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, PATIENCE_MS);
  });
  await Promise.race([said, patience]);
  clearTimeout(timer);
}
