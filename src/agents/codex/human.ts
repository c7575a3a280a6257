import { isCount } from '../../usage/count.js';
import { parseRemark, type Remark } from './remarks.js';

/** What the human-readable output of `codex exec` on stderr says that metering needs. Seen in 0.98 to 0.171. */
export type HumanFact =
  | { readonly kind: 'thread_started'; readonly threadId: string }
  /** The model that the run begins with. */
  | { readonly kind: 'model'; readonly model: string }
  /** A stream was cut and Codex asks again. */
  | { readonly kind: 'reconnecting' }
  | Remark
  /** The footer's figure: input − cached input + output of the thread, so cached input is not in it. Undefined: no count. */
  | { readonly kind: 'blended_total'; readonly tokens: number | undefined };

const MODEL = /^model: (\S+)$/;
/** With `--remote` there is no banner, and the one line of it that is left says `thread id:` (0.171). */
const SESSION = /^(?:session|thread) id: ([0-9a-f]{8}-[0-9a-f-]{27})$/;
const FOOTER = /^tokens used(?:: ([\d,]+))?$/;
const RECONNECTING = /^ERROR: Reconnecting\.\.\. \d+\/\d+/;
const WARNING = /^warning: (.+)$/;
const FIGURE = /^[\d,]+$/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: the escape character starts a colour code
const COLOUR = /\u001b\[[\d;]*m/g;

/**
 * Returns a reader to be given the lines of stderr one by one. The footer stands on two lines (`tokens used`, then
 * `1,903`), or on one in 0.40 (`tokens used: 951`); a prompt or an answer may hold the same words, so the last
 * figure is the footer's. For the same reason a reroute counts only where Codex's warning of it follows.
 */
export function createHumanReader(): (line: string) => HumanFact | undefined {
  let footerBefore = false;
  let sessionKnown = false;
  let rerouted: Remark | undefined;
  return (coloured) => {
    const line = coloured.replace(COLOUR, '').trimEnd();
    if (RECONNECTING.test(line)) return { kind: 'reconnecting' };
    const announced = rerouted;
    const remark = parseRemark(line);
    rerouted = remark?.kind === 'rerouted' ? remark : undefined;
    const warning = WARNING.exec(line)?.[1];
    if (warning && announced?.kind === 'rerouted' && warning.includes(`routed to ${announced.to} `)) return announced;
    if (warning) return parseRemark(warning);
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
