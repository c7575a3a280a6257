import { writeSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';

/**
 * Puts stand-ins in the place of process.stdin, stdout and stderr. Node opens the real ones when anything first asks for
 * them (an import of `node:process` or `node:assert` does, and the end of any socket), and a pipe becomes non-blocking by
 * that for everyone who shares it: Codex cannot read a prompt that is still to come, and the caller's other programs
 * cannot write when the pipe is full.
 */
export function standInForStreams(self: object): void {
  const streams = { stdin: Readable.from([]), stdout: createWriter(1), stderr: createWriter(2) };
  for (const [name, value] of Object.entries(streams)) Object.defineProperty(self, name, { configurable: true, value });
}

function createWriter(fd: number): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      try {
        writeSync(fd, chunk);
      } catch {
        // Nobody reads what we have to say.
      }
      done();
    },
  });
}
