/** `egg:Paste#urlmap`: sends requests to apps by host and path. Source: spec paste-deploy 9.2. */

import { ConfigError, type Place } from '../common/config-error.ts';
import { words } from '../common/ini-dialect.ts';
import { compareCodePoints, isAscii, nativeFromWire } from '../common/text.ts';
import type { CompositeFactory, Handler } from '../http/contract.ts';
import type { SwiftRequest } from '../http/request.ts';
import { SwiftResponse } from '../http/response.ts';
import { placeOf } from '../common/conf-origin.ts';

export interface UrlMapEntry {
  /** `host` or `host:port`; null takes every host. */
  readonly domain: string | null;
  /** Without a slash at the end; empty for everything. */
  readonly path: string;
  readonly app: Handler;
}

/** A handler that shows its entries in the order in which they are tried. */
export type UrlMap = Handler & { readonly entries: readonly UrlMapEntry[] };

export const urlMapFactory: CompositeFactory = async (loader, globalConf, localConf) => {
  const { not_found_app: ownNotFound, ...paths } = localConf;
  const notFoundName = ownNotFound ?? globalConf['not_found_app'];
  const notFound = notFoundName === undefined ? undefined : await loader.getApp(notFoundName, globalConf);
  const entries = new Map<string, UrlMapEntry>();
  for (const [expression, name] of Object.entries(paths)) {
    if (expression === '__name__') continue;
    const place = placeOf(localConf, expression, globalConf, localConf);
    const written = parsePathExpression(expression, place);
    const app = await loader.getApp(name, globalConf);
    const address = normaliseAddress(written, place);
    entries.set(JSON.stringify([address.domain, address.path]), { ...address, app });
  }
  return makeUrlMap([...entries.values()], notFound);
};

/** Without `notFound`, a path that no entry takes gets a 404 page that tells the addresses. */
export function makeUrlMap(entries: readonly UrlMapEntry[], notFound?: Handler): UrlMap {
  const ordered = [...entries].sort(compareEntries);
  const handler = async (req: SwiftRequest): Promise<SwiftResponse> => {
    const path = req.path.replace(/\/{2,}/g, '/');
    const hosts = hostsOf(req);
    const entry = path === '' || path.startsWith('/') ? ordered.find((each) => takes(each, hosts, path)) : undefined;
    if (entry !== undefined) {
      mount(req, entry.path, path);
      return entry.app(req);
    }
    return notFound === undefined ? notFoundPage(req, ordered) : notFound(req);
  };
  return Object.assign(handler, { entries: ordered });
}

/**
 * Turns a key (`/path`, `domain D /path`, `domain D port P`) into an address: a path or `http://D:P/…`. Throws ConfigError
 * `urlmap-bad-path`.
 */
export function parsePathExpression(expression: string, place: Place = {}): string {
  const fail = (text: string): never => {
    throw new ConfigError({ ...place, code: 'urlmap-bad-path', text: `${text}: ${expression}`, value: expression });
  };
  const parts = words(expression);
  const found: { domain?: string; port?: string; path?: string } = {};
  for (let at = 0; at < parts.length; at++) {
    const word = parts[at] as string;
    if (word === 'domain' || word === 'port') {
      const value = parts[++at];
      if (value === undefined) fail(`expected a value behind ${word}`);
      else if (found[word] !== undefined) fail(`expected one ${word}`);
      else found[word] = value;
    } else if (found.path !== undefined) fail(`expected one path, not ${found.path} and ${word}`);
    else found.path = word;
  }
  const { domain, port, path = '' } = found;
  if (port !== undefined && domain === undefined) fail('expected a domain with the port');
  if (domain === undefined) return path;
  return `http://${domain}${port === undefined ? '' : `:${port}`}${path === '' ? '' : `/${path}`}`;
}

function normaliseAddress(address: string, place: Place): { domain: string | null; path: string } {
  const withDomain = /^https?:\/\/([^/]*)(.*)$/s.exec(address);
  const rest = (withDomain?.[2] ?? address).replace(/\/{2,}/g, '/');
  if (withDomain === null && !rest.startsWith('/')) {
    const text = `expected a path that begins with / (or: domain D /path), not ${JSON.stringify(address)}`;
    throw new ConfigError({ ...place, code: 'urlmap-bad-path', text, value: address });
  }
  return { domain: withDomain?.[1] ?? null, path: rest.replace(/\/$/, '') };
}

/** With a domain before without, domains in character order, the longest path of a domain first. */
function compareEntries(a: UrlMapEntry, b: UrlMapEntry): number {
  if (a.domain === null || b.domain === null) {
    if (a.domain !== b.domain) return a.domain === null ? 1 : -1;
  } else if (a.domain !== b.domain) return compareCodePoints(a.domain, b.domain);
  return b.path.length - a.path.length || compareCodePoints(a.path, b.path);
}

/** The host without its port and with it. */
function hostsOf(req: SwiftRequest): readonly [string, string] {
  const host = (req.headers.get('host') ?? '').toLowerCase();
  const [, name = host, port = req.scheme === 'https' ? '443' : '80'] = /^(.*?)(?::(\d*))?$/.exec(host) ?? [];
  return [name, `${name}:${port}`];
}

function takes(entry: UrlMapEntry, hosts: readonly [string, string], path: string): boolean {
  if (entry.domain !== null && !hosts.includes(entry.domain)) return false;
  return path === entry.path || path.startsWith(`${entry.path}/`) || entry.path === '';
}

/** Moves the entry's path from the request's path to its script name. The raw path stays as received wherever it can. */
function mount(req: SwiftRequest, entryPath: string, reducedPath: string): void {
  req.scriptName += entryPath;
  const { rawPath } = req;
  const sameBytes = isAscii(entryPath) && !entryPath.includes('%') && rawPath.startsWith(entryPath);
  const rest = rawPath.slice(entryPath.length);
  if (reducedPath === req.path && sameBytes && (rest === '' || rest.startsWith('/'))) req.rawPath = rest;
  else req.path = reducedPath.slice(entryPath.length);
}

function notFoundPage(req: SwiftRequest, entries: readonly UrlMapEntry[]): SwiftResponse {
  const addresses = entries.map(({ domain, path }) => `${domain === null ? '' : `http://${domain}`}${path || '/'}`);
  const host = nativeFromWire(req.headers.get('host') ?? '');
  const lines = [
    '<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1>',
    `<p>Nothing is mounted at ${escapeHtml(req.path)} (mount point ${escapeHtml(req.scriptName) || '/'}, host ${escapeHtml(host)}).</p>`,
    `<p>Known addresses:</p><ul>${addresses.map((each) => `<li>${escapeHtml(each)}</li>`).join('')}</ul></body></html>`,
  ];
  const body = Buffer.from(lines.join('\n'), 'utf8');
  return new SwiftResponse(
    404,
    { 'content-type': 'text/html; charset=UTF-8', 'content-length': body.length },
    req.method === 'HEAD' ? null : body,
  );
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
