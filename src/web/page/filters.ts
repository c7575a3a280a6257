import { addressOf, changeQuery } from './address.js';

const NAMES = ['project', 'phase', 'model', 'branch', 'tag', 'provider', 'text', 'since', 'until'] as const;

/** Which runs and sessions are meant: each field is a parameter of the page's address and of the API. A tag is `key=value`. */
export type Filter = { readonly [Name in (typeof NAMES)[number]]?: string | undefined };

export function readFilter(query: URLSearchParams): Filter {
  return Object.fromEntries(NAMES.flatMap((name) => (query.get(name) ? [[name, query.get(name)]] : [])));
}

export function isFiltered(filter: Filter): boolean {
  return NAMES.some((name) => filter[name] !== undefined);
}

export function clearFilter(): void {
  changeQuery(Object.fromEntries(NAMES.map((name) => [name, undefined])));
}

/** The address of the runs, or of the sessions, behind a figure. */
export function addressBehind(view: '/runs' | '/sessions', filter: Filter): string {
  return addressOf(view, { ...filter });
}
