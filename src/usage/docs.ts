/** Where the documentation lies: the package does not have it. package.json names the same repository. */
const REPOSITORY = 'https://github.com/codex-metered/codex-metered';

/** The address of a page of docs/, such as `pricing.md`. */
export function addressOfDocs(page: string): string {
  return `${REPOSITORY}/blob/main/docs/${page}`;
}
