import { readlinkSync } from 'node:fs';
import { basename, dirname, resolve } from 'node:path';
import type { GivenAttribution } from '../meter/attribution.js';
import { findPhase } from '../usage/phase.js';
import type { WrapperOptions } from './wrapper-options.js';

/** More links one after the other than any system follows. */
const MOST_LINKS = 40;

/**
 * The phase that the call itself says, by an option, by the name of a link, or by the variable. The link goes before the
 * variable, which may be set for many calls, or be inherited from a Codex that runs another one as a tool. `script` is the
 * path that was called. Returns as `unknownPhase` the name of a link that says what is no phase.
 */
export function readPhase(
  options: Pick<WrapperOptions, 'get'>,
  script: string,
): { phase: GivenAttribution['phase']; unknownPhase: string | undefined } {
  const given = options.get('phase');
  const name = given?.origin === 'option' ? undefined : readLinkName(script);
  if (name === undefined || !findPhase(name)) return { phase: given, unknownPhase: name };
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
