import * as z from 'zod/mini';
import { isCount } from '../usage/count.js';

/**
 * A count in the files and answers of any agent. A value below zero, with a fraction, as a text or beyond 2^53 is no count and
 * makes its record unreadable.
 */
export const count = z.number().check(z.refine(isCount, 'is not a count'));
export const optionalCount = z.nullish(count);
