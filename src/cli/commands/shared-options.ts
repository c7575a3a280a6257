import { COST_UNITS } from '../../usage/unit.js';
import type { OptionDescription } from './description.js';
import { parseDate, parseTimeZone } from './option-values.js';

/** Options that mean the same wherever they are offered. */
export const SINCE: OptionDescription = {
  flags: '-s, --since <day>',
  text: 'from this day on: YYYY-MM-DD or YYYYMMDD',
  parse: parseDate,
};
export const UNTIL: OptionDescription = {
  flags: '-u, --until <day>',
  text: 'up to this day, inclusive',
  parse: parseDate,
};
export const DAYS_OF_TIME_ZONE: OptionDescription = {
  flags: '-z, --timezone <name>',
  text: "count days in this IANA time zone (default: the system's)",
  parse: parseTimeZone,
};
export const NO_IMPORT: OptionDescription = {
  flags: '--no-import',
  text: 'without looking for new past sessions first',
};
export const JSON_NOT_TABLE: OptionDescription = { flags: '-j, --json', text: 'JSON instead of a table' };
export const JSON_NOT_TEXT: OptionDescription = { flags: '-j, --json', text: 'JSON instead of text' };
export const UNIT: OptionDescription = {
  flags: '--unit <unit>',
  text: 'credits: beside USD also the credits of a ChatGPT plan (default: "unit" in codex-metered.toml, or usd)',
  choices: [...COST_UNITS],
};
export const NO_COLOR: OptionDescription = { flags: '--no-color', text: 'no colours; so does NO_COLOR' };
