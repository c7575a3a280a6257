import { StoreError } from '../errors.js';
export function missingDriver(cause: unknown): StoreError {
  return new StoreError('driver', `TODO`, { cause });
}
