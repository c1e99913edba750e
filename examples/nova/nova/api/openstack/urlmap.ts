/** Apps by the front of the path, or by the version that a client's Accept asks for; also chooses how answers look. */

import { type CompositeFactory, errorResponse, type Handler, type SwiftRequest } from 'apus/middleware';

const SUFFIXES: Readonly<Record<string, string>> = { '.json': 'application/json', '.xml': 'application/xml' };
const TYPES = Object.values(SUFFIXES);

interface Mounted {
  /** `/v2`; empty for the app of all the rest. */
  readonly prefix: string;
  readonly app: Handler;
}

export const urlmap_factory: CompositeFactory = async (loader, _globalConf, localConf) => {
  const mounted: Mounted[] = [];
  for (const [path, name] of Object.entries(localConf)) {
    if (path.startsWith('/')) mounted.push({ prefix: path.replace(/\/$/, ''), app: await loader.getApp(name) });
  }
  mounted.sort((a, b) => b.prefix.length - a.prefix.length);
  return async (req) => {
    const { type, version } = acceptedOf(req);
    req.env.bestContentType = type;
    const byPath = mounted.find(({ prefix }) => req.path === prefix || req.path.startsWith(`${prefix}/`));
    const byVersion = mounted.find(({ prefix }) => prefix === `/v${version}`);
    // The path decides, unless it is nobody's own.
    const chosen = byPath === undefined || byPath.prefix === '' ? (byVersion ?? byPath) : byPath;
    if (chosen === undefined) return errorResponse(404);
    if (chosen === byPath) mount(req, chosen.prefix);
    return chosen.app(req);
  };
};

/** Takes the prefix off the path, as the app sees it. */
function mount(req: SwiftRequest, prefix: string): void {
  req.scriptName += prefix;
  req.rawPath = req.rawPath.slice(prefix.length) || '/';
}

/** Of a path's end (`.json`, `.xml`), which is taken off, else of Accept: `application/vnd.openstack.compute+xml;version=2`. */
function acceptedOf(req: SwiftRequest): { type: string; version: string | undefined } {
  const suffix = Object.keys(SUFFIXES).find((each) => req.path.endsWith(each));
  if (suffix !== undefined) req.rawPath = req.rawPath.slice(0, -suffix.length) || '/';
  const accept = req.headers.get('accept') ?? '';
  const version = /application\/vnd\.openstack\.compute(?:\+\w+)?\s*;\s*version=([\d.]+)/.exec(accept)?.[1];
  const named = /\+(json|xml)/.exec(accept)?.[1];
  const asked = named === undefined ? TYPES.find((each) => accept.includes(each)) : `application/${named}`;
  return { type: (suffix === undefined ? asked : SUFFIXES[suffix]) ?? 'application/json', version };
}
