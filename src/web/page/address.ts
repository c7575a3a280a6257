import { useEffect, useState } from 'preact/hooks';

/** What the page shows, as its address says it: a link reproduces the view. */
export interface Address {
  /** `/`, `/runs`, `/run`, … */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** The address of the page, and anew whenever it changes. */
export function useAddress(): Address {
  const [address, setAddress] = useState(readAddress);
  useEffect(() => {
    const listener = () => setAddress(readAddress());
    addEventListener('popstate', listener);
    return () => removeEventListener('popstate', listener);
  }, []);
  return address;
}

/** Goes to another view. */
export function goTo(href: string): void {
  history.pushState(null, '', href);
  scrollTo(0, 0);
  notify();
}

/** Changes what the present view shows: undefined takes a parameter away. `replace` leaves no entry to go back to. */
export function changeQuery(
  changes: Readonly<Record<string, string | undefined>>,
  how: 'push' | 'replace' = 'push',
): void {
  const { path, query } = readAddress();
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) query.delete(name);
    else query.set(name, value);
  }
  history[how === 'push' ? 'pushState' : 'replaceState'](null, '', formatAddress(path, query));
  notify();
}

/** `/run?id=nightly-7`; parameters that are undefined are left out. */
export function addressOf(path: string, parameters: Readonly<Record<string, string | undefined>> = {}): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) query.set(name, value);
  return formatAddress(path, query);
}

function formatAddress(path: string, query: URLSearchParams): string {
  const text = query.toString();
  return text === '' ? path : `${path}?${text}`;
}

function readAddress(): Address {
  return { path: location.pathname, query: new URLSearchParams(location.search) };
}

/** A browser says it by itself where one goes back or forward alone. */
function notify(): void {
  dispatchEvent(new PopStateEvent('popstate'));
}

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
