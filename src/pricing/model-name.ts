const SNAPSHOT_SUFFIX = /-20\d{2}(-?)(0[1-9]|1[0-2])\1(0[1-9]|[12]\d|3[01])$/;
/** Under which a gateway lists a vendor's models. */
const PREFIXED = /^(?:openai\/|anthropic\/(?=claude-)|google\/(?=gemini-))/;

/**
 * The names under which a model's price may be listed, most specific first: as given, without the provider that
 * gateways put before it (`openai/gpt-5.4`), without the date of a snapshot (`gpt-5.1-2025-11-13`). Nothing else is
 * cut off: `gpt-5.4-mini` is not a kind of `gpt-5.4`, and what `azure/gpt-5.4` costs is not OpenAI's to say.
 */
export function listModelNames(model: string): readonly string[] {
  const given = normaliseModelName(model);
  const bare = given.replace(PREFIXED, '');
  return [...new Set([given, bare, given.replace(SNAPSHOT_SUFFIX, ''), bare.replace(SNAPSHOT_SUFFIX, '')])];
}

export function normaliseModelName(model: string): string {
  return model.trim().toLowerCase();
}
