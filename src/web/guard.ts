import type { MiddlewareHandler } from 'hono';
import { HTTPException } from 'hono/http-exception';
import { secureHeaders } from 'hono/secure-headers';

/** Names of this machine that a page on it can be opened by. */
const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]'];

/**
 * Lets only pages of this server in. A web site can make a browser ask any address of this machine, under a name of
 * its own (DNS rebinding) or from its own pages: the first shows in Host, the second in Origin and Sec-Fetch-Site.
 */
export function refuseForeigners(port: () => number): MiddlewareHandler {
  return async (context, next) => {
    const hosts = LOOPBACK_NAMES.flatMap((name) => [`${name}:${port()}`, ...(port() === 80 ? [name] : [])]);
    const host = context.req.header('host') ?? '';
    if (!hosts.includes(host)) {
      throw new HTTPException(403, {
        message: `This server answers to ${hosts.join(', ')}, not to the Host "${host}".`,
      });
    }
    const origin = context.req.header('origin');
    if (origin !== undefined && !hosts.some((name) => origin === `http://${name}`)) {
      throw new HTTPException(403, {
        message: `This server answers to no other origin than its own, not to ${origin}.`,
      });
    }
    const site = context.req.header('sec-fetch-site') ?? 'none';
    const isLink = context.req.header('sec-fetch-mode') === 'navigate' && context.req.method === 'GET';
    if (site !== 'none' && site !== 'same-origin' && !isLink) {
      throw new HTTPException(403, { message: 'This server answers to its own pages only.' });
    }
    await next();
  };
}

/** For what changes anything: a browser names the page that asks, which `refuseForeigners` has checked by then. */
export const requireOwnPage: MiddlewareHandler = async (context, next) => {
  if (context.req.header('origin') === undefined) {
    throw new HTTPException(403, {
      message: 'This is done for the pages of this server alone: the Origin is missing.',
    });
  }
  await next();
};

/** What a browser may do with what this server sends: nothing but show it, with this server's own files. */
export const protectPage = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
  crossOriginResourcePolicy: 'same-origin',
  crossOriginOpenerPolicy: 'same-origin',
  referrerPolicy: 'no-referrer',
  xFrameOptions: 'DENY',
  // It is not https, and a browser keeps the promise for every port of the name.
  strictTransportSecurity: false,
});
