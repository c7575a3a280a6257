import { UsageError } from '../errors.js';
import { parseTag, type Tag } from '../usage/tags.js';
import type { ConfigFile } from './read-file.js';
import { type Setting, settingOf } from './setting.js';
import type { Given } from './settings.js';

/** Between the values of an option that may be given several times. No value of an option has one. */
export const BETWEEN_VALUES = '\0';

/**
 * The tags that the user gives every invocation, the strongest first. Of an option that is given twice the later one wins, as of any other.
 * Throws a UsageError.
 */
export function resolveTags(given: Given | undefined, files: readonly ConfigFile[]): Setting<Tag>[] {
  const ofOption = given?.origin === 'option' ? given : undefined;
  const ofVariable = given?.origin === 'environment' ? given : given?.variable;
  return [
    ...(ofOption ? parseTags(ofOption, ofOption.value.split(BETWEEN_VALUES)) : []),
    ...(ofVariable ? parseTags(ofVariable, ofVariable.value.split(',').filter(isNotBlank)) : []),
    ...files.flatMap((file) => file.tags.map((tag) => settingOf(file, ['tags', tag.key], tag))),
  ];
}

function parseTags({ origin, place }: Given, written: readonly string[]): Setting<Tag>[] {
  return written.map((one) => ({ value: expectTag(one, place), origin, place })).reverse();
}

/** After the last comma of a variable there may be nothing. */
function isNotBlank(text: string): boolean {
  return text.trim() !== '';
}

function expectTag(written: string, place: string): Tag {
  const tag = parseTag(written);
  if (typeof tag !== 'string') return tag;
  throw new UsageError(
    `${place}: ${JSON.stringify(written.slice(0, 80))} is not a tag: ${tag}. Use key=value, such as team=search.`,
  );
}
