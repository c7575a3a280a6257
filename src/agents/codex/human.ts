import { isCount } from '../../usage/count.js';
import { withoutColours } from './output-filter.js';

/** A line that `codex exec` without `--json` writes to stderr, reduced to the fields that metering uses. Measured on 0.98 to 0.171. */
export type HumanFact =
  | { readonly kind: 'thread_started'; readonly threadId: string }
  /** The model that the run begins with. */
  | { readonly kind: 'model'; readonly model: string }
  /** A response was cut off and Codex asks again. */
  | { readonly kind: 'reconnecting' }
  | CodexWarning
  /** The figure in the footer: input − cached input + output of the whole thread. Undefined where it is no count. */
  | { readonly kind: 'blended_total'; readonly tokens: number | undefined };

const MODEL = /^model: (\S+)$/;
/** With `--remote` the banner is one line, which says `thread id:` (0.171). */
const SESSION = /^(?:session|thread) id: ([0-9a-f]{8}-[0-9a-f-]{27})$/;
const FOOTER = /^tokens used(?:: ([\d,]+))?$/;
const RECONNECTING = /^ERROR: Reconnecting\.\.\. \d+\/\d+/;
const WARNING = /^warning: (.+)$/;
const FIGURE = /^[\d,]+$/;

/**
 * Returns a reader that takes the lines of stderr one by one. The footer has two lines (`tokens used`, then `1,903`), in 0.40
 * one (`tokens used: 951`). A prompt or an answer may hold the same words, so the caller has to use the last figure.
 * For the same reason a reroute counts only when Codex's warning about it follows.
 */
export function createHumanReader(): (line: string) => HumanFact | undefined {
  let footerBefore = false;
  let sessionKnown = false;
  let rerouted: CodexWarning | undefined;
  return (coloured) => {
    const line = withoutColours(coloured).trimEnd();
    if (RECONNECTING.test(line)) return { kind: 'reconnecting' };
    const announced = rerouted;
    const remark = parseWarning(line);
    rerouted = remark?.kind === 'rerouted' ? remark : undefined;
    const warning = WARNING.exec(line)?.[1];
    if (warning && announced?.kind === 'rerouted' && warning.includes(`routed to ${announced.to} `)) return announced;
    if (warning) return parseWarning(warning);
    const figureMayFollow = footerBefore;
    const footer = FOOTER.exec(line);
    footerBefore = footer !== null && footer[1] === undefined;
    if (footer?.[1]) return { kind: 'blended_total', tokens: toCount(footer[1]) };
    if (figureMayFollow && FIGURE.test(line)) return { kind: 'blended_total', tokens: toCount(line) };
    if (sessionKnown) return undefined;
    const model = MODEL.exec(line)?.[1];
    if (model) return { kind: 'model', model };
    const session = SESSION.exec(line);
    if (!session?.[1]) return undefined;
    sessionKnown = true;
    return { kind: 'thread_started', threadId: session[1] };
  };
}

function toCount(figure: string): number | undefined {
  const tokens = Number(figure.replaceAll(',', ''));
  return isCount(tokens) ? tokens : undefined;
}

/**
 * A warning of Codex about how a request was served, which is in no session file (measured on 0.169). `rerouted`: another model
 * answered than the one that was asked for. It comes once a turn for the run's thread, and never for a sub-agent's.
 * `tier_omitted`: the model does not offer the service tier that the session file names, so it was not asked for.
 */
export type CodexWarning =
  | { readonly kind: 'rerouted'; readonly from: string; readonly to: string }
  | { readonly kind: 'tier_omitted'; readonly tier: string; readonly model: string };

const REROUTED = /^model rerouted: (\S+) -> (\S+)(?: \(\w+\))?$/;
const TIER_OMITTED =
  /^Configured service tier `([^`\s]+)` is not advertised as supported for model `([^`\s]+)` and will be omitted/;

/** Reads the text of a warning or of an error item. */
export function parseWarning(text: string): CodexWarning | undefined {
  const [, from, to] = REROUTED.exec(text) ?? [];
  if (from && to) return { kind: 'rerouted', from, to };
  const [, tier, model] = TIER_OMITTED.exec(text) ?? [];
  return tier && model ? { kind: 'tier_omitted', tier, model } : undefined;
}
