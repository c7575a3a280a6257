import { readlinkSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { GivenAttribution } from '../meter/attribution.js';
import { findPhase } from '../usage/phase.js';
import type { WrapperOptions } from './wrapper-options.js';

/** More links one after the other than any system follows. */
const MOST_LINKS = 40;

export interface CallPhase {
  /** Undefined when it is not set. */
  readonly phase: GivenAttribution['phase'];
  /** The phase that the link's name gives and that does not exist. */
  readonly unknownPhase: string | undefined;
}

/**
 * The phase that the call itself says, by an option, by the name of a link, or by the variable. The link goes before the
 * variable, which may be set for many calls, or be inherited from a Codex that runs another one as a tool. `script` is the
 * path that was called.
 */
export function readPhase(options: Pick<WrapperOptions, 'get'>, script: string): CallPhase {
  const given = options.get('phase');
  const name = given?.origin === 'option' ? undefined : readLinkName(script);
  if (name === undefined) return { phase: given, unknownPhase: undefined };
  if (!findPhase(name)) return { phase: given, unknownPhase: name };
  return { phase: { value: name, origin: 'link name' }, unknownPhase: undefined };
}

/** `reviewer` of `codex-metered-reviewer`. A link may lead to another one: the first name that says something counts. */
function readLinkName(script: string): string | undefined {
  let path: string | undefined = script;
  for (let links = 0; path !== undefined && links < MOST_LINKS; links++) {
    const said = /^codex-metered-(.+?)(?:\.[cm]?js)?$/.exec(basename(path))?.[1];
    if (said !== undefined) return said;
    path = followLink(path);
  }
  return undefined;
}

function followLink(path: string): string | undefined {
  try {
    return resolve(dirname(path), readlinkSync(path));
  } catch {
    return undefined;
  }
}
