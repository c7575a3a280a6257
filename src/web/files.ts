import { readdirSync, readFileSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface PageFile {
  readonly body: Uint8Array<ArrayBuffer>;
  readonly type: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Where the build puts the page: beside the code that reads it. */
export const PAGE_FOLDER = fileURLToPath(new URL('./page', import.meta.url));

/**
 * The files of the page by their names, read once: nothing that is asked for later reaches the file system. Throws
 * when there is no page in `folder`.
 */
export function readPage(folder: string): ReadonlyMap<string, PageFile> {
  const names = readdirSync(folder).filter((name) => extname(name) in TYPES);
  return new Map(
    names.map((name) => [
      name,
      { body: new Uint8Array(readFileSync(join(folder, name))), type: TYPES[extname(name)] ?? '' },
    ]),
  );
}
