import { readFileSync } from 'node:fs';

/** A random UUID. Linux makes them itself, and loading what Node makes them with takes 5 ms. */
export function randomId(): string {
  try {
    const id = readFileSync('/proc/sys/kernel/random/uuid', 'latin1').trim();
    if (/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id)) return id;
  } catch {
    // Another system, or one that shows nothing of itself.
  }
  return process.getBuiltinModule('node:crypto').randomUUID();
}
