/**
 * What was exported of each counter, so that an exported counter never falls. The rows of target `''` hold the highest value
 * that anybody was shown, those of a named target the value that this target has confirmed.
 */
export const ADD_EXPORTED_COUNTERS = `
CREATE TABLE exported_counters (
  target TEXT NOT NULL,
  counter TEXT NOT NULL,
  labels TEXT NOT NULL,
  value INTEGER NOT NULL,
  exported_at_ms INTEGER NOT NULL,
  PRIMARY KEY (target, counter, labels)
) STRICT, WITHOUT ROWID;
`;
