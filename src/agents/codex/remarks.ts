/**
 * What Codex tells its reader of how a request was served and writes in no session file (seen in 0.169). `rerouted`:
 * another model answered than the one asked for, told once a turn for the run's own thread, never for a sub-agent's.
 * `tier_omitted`: the service tier that the session file names was not asked for, the model does not offer it.
 */
export type Remark =
  | { readonly kind: 'rerouted'; readonly from: string; readonly to: string }
  | { readonly kind: 'tier_omitted'; readonly tier: string; readonly model: string };

const REROUTED = /^model rerouted: (\S+) -> (\S+)(?: \(\w+\))?$/;
const TIER_OMITTED =
  /^Configured service tier `([^`\s]+)` is not advertised as supported for model `([^`\s]+)` and will be omitted/;

/** Reads the text of a warning or an error item. */
export function parseRemark(text: string): Remark | undefined {
  const [, from, to] = REROUTED.exec(text) ?? [];
  if (from && to) return { kind: 'rerouted', from, to };
  const [, tier, model] = TIER_OMITTED.exec(text) ?? [];
  return tier && model ? { kind: 'tier_omitted', tier, model } : undefined;
}
