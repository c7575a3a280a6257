/** Which process the caller started: since there are two to a metered run, it is another one than the meter. */
export const FRONT = `
ALTER TABLE invocations ADD COLUMN front_pid INTEGER;
`;
