import { nameAgents } from '../../agents/registry.js';
import { addressOfDocs } from '../../usage/docs.js';
import { type CommandDescription, InvalidValue } from './description.js';

/** What is asked of `codex-usage serve`. */
export interface ServeRequest {
  /** Undefined: the usual one, or the next that is free. */
  readonly port: number | undefined;
  readonly browser: 'open' | 'leave';
  /** Whether past sessions are read while the page is shown. */
  readonly history: 'import' | 'leave';
}

export const USUAL_PORT = 4747;

const HELP = `
The page shows what was spent over time, run by run and session by session, and follows what is recorded while Codex
works. It is served on this machine's loopback address alone, by this command alone, and loads nothing from elsewhere.
Past sessions of ${nameAgents()} are read in the background; the page says how far that has come.

Examples:
  codex-usage serve                    the dashboard, at http://127.0.0.1:${USUAL_PORT}/ or the next free port
  codex-usage serve --open             and a browser that shows it
  codex-usage serve --port 8080        at that port or not at all
  codex-usage serve --port 0           at any port that is free

Its JSON is described in ${addressOfDocs('api.md')}. Ctrl-C ends it.
`;

interface Options {
  readonly port?: number;
  readonly open?: boolean;
  readonly import: boolean;
}

/** `serve`; `perform` is called with what is asked for. */
export function describeServeCommand(perform: (request: ServeRequest) => Promise<void>): CommandDescription {
  return {
    name: 'serve',
    summary: 'the dashboard, in a browser',
    description: 'Shows the dashboard in a browser, until it is ended.',
    options: [
      {
        flags: '-p, --port <port>',
        text: `this port, or none (default: ${USUAL_PORT} or the next that is free)`,
        parse: parsePort,
      },
      { flags: '-o, --open', text: 'open it in the browser' },
      { flags: '--no-import', text: 'leave past sessions unread' },
    ],
    help: HELP,
    perform: (options: Options) => {
      return perform({
        port: options.port,
        browser: options.open ? 'open' : 'leave',
        history: options.import ? 'import' : 'leave',
      });
    },
  };
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidValue('Use a whole number from 0 to 65535; 0 is any that is free.');
}
