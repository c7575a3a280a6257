/** What a provider told of a response that its tokens alone do not say, and that changes what it costs. */
export interface Fees {
  /** Searches of the web that the provider made for the response. Each has a price of its own. */
  readonly webSearches: number;
  /** Where the response was computed, in the provider's word (`us`); undefined where that does not change the price. */
  readonly inferenceGeo: string | undefined;
  /** Names of what else was charged for, or may have been, and of which no price is known. */
  readonly unknown: readonly string[];
}

/** Undefined when nothing changes the price, so that most responses carry nothing. */
export function toFees(fees: Fees): Fees | undefined {
  const { webSearches, inferenceGeo, unknown } = fees;
  return webSearches === 0 && inferenceGeo === undefined && unknown.length === 0 ? undefined : fees;
}
