/**
 * cname_lookup - lets clients use a domain of their own that is, in DNS, another name (CNAME) for one of the cluster's. Put it before
 * domain_remap.
 */

import { isIP } from 'node:net';
import {
  domainSuffixes,
  type FilterFactory,
  type Handler,
  isAddress,
  mapLocations,
  nativeFromWire,
  type Order,
  readConf,
  splitHostHeader,
  type SwiftRequest,
  type SwiftResponse,
  textResponse,
  wireFromNative,
} from '../middleware-api.ts';
import { CnameResolver } from './cname-lookup/cname-resolver.ts';

/** `127.0.0.1`, `127.0.0.1:5353`, `[::1]`, `[::1]:5353`, separated by commas. */
function serverList(text: string): readonly string[] {
  const servers = text
    .split(',')
    .map((server) => server.trim())
    .filter((server) => server !== '');
  for (const server of servers) {
    const { host, port } = splitHostHeader(server);
    const isServer = isAddress(host) && isIP(host) !== 6 && (port === undefined || /^\d{1,5}$/.test(port));
    if (!isServer) throw new Error('expected addresses, IPv6 ones in brackets, each with or without :<port>');
  }
  return servers;
}

export const confSpec = {
  storage_domain: { type: 'list', default: ['example.com'], doc: "The cluster's own domains." },
  lookup_depth: {
    type: 'integer',
    default: 1,
    doc: 'How many CNAME records are followed, one to the next, until a domain of the cluster is found.',
  },
  nameservers: {
    type: 'text',
    default: '',
    parse: (text: string): readonly string[] => serverList(text),
    doc: 'Servers that are asked, `127.0.0.1, 127.0.0.2:5353, [::1]:5353`; those of the system when empty.',
  },
} as const;

export const order: Order = {
  after: ['catch_errors', 'gatekeeper', 'memcache'],
  before: ['domain_remap', 'tempauth', 'keystoneauth', 'staticweb'],
  why: 'answers of DNS are kept in the cache, and domain_remap reads the host that it finds',
};

class CnameLookup {
  readonly #suffixes: readonly string[];
  readonly #depth: number;
  readonly #resolver: CnameResolver;

  constructor(domains: readonly string[], depth: number, resolver: CnameResolver) {
    this.#suffixes = domainSuffixes(domains);
    this.#depth = depth;
    this.#resolver = resolver;
  }

  async handle(req: SwiftRequest, app: Handler): Promise<SwiftResponse> {
    const asked = req.headers.get('host') ?? '';
    const { host, port } = splitHostHeader(asked);
    if (this.#isOurs(host) || isAddress(host) || asked === '') return app(req);
    const found = await this.#follow(req, nativeFromWire(host));
    if (!found.isOurs) return textResponse(400, found.reason, { 'content-type': 'text/plain' });
    req.log.info(`cname_lookup: mapped ${nativeFromWire(host)} to ${found.domain}`);
    const rewritten = wireFromNative(found.domain) + (port === undefined || port === '' ? '' : `:${port}`);
    req.headers.set('host', rewritten);
    const res = await app(req);
    mapLocations(res, (location) => {
      const [, scheme, host, path] = /^(https?:\/\/)([^/]*)(\/.*)?$/s.exec(location) ?? [];
      return scheme === undefined || host !== rewritten ? location : `${scheme}${asked}${path ?? ''}`;
    });
    return res;
  }

  #isOurs(host: string): boolean {
    return this.#suffixes.length === 0 || this.#suffixes.some((suffix) => `.${host}`.endsWith(suffix));
  }

  async #follow(req: SwiftRequest, host: string): Promise<{ isOurs: true; domain: string } | NotOurs> {
    let domain = host;
    for (let step = 0; step < this.#depth; step++) {
      const target = await this.#resolver.targetOf(domain, req.env.cache);
      if (target === undefined || target === domain) return NO_TARGET;
      if (this.#isOurs(target)) return { isOurs: true, domain: target };
      domain = target;
    }
    return domain === host ? NO_TARGET : { isOurs: false, reason: `CNAME lookup failed after ${this.#depth} tries` };
  }
}

interface NotOurs {
  readonly isOurs: false;
  readonly reason: string;
}

const NO_TARGET: NotOurs = { isOurs: false, reason: 'CNAME lookup failed to resolve to a valid domain' };

export const filterFactory: FilterFactory = (globalConf, localConf, host) => {
  const conf = readConf(confSpec, globalConf, localConf);
  host.info.register('cname_lookup', { lookup_depth: conf.lookup_depth });
  const resolver = new CnameResolver(conf.nameservers, (message) => host.log.warn(`cname_lookup: ${message}`));
  host.onClose(() => resolver.close());
  const lookup = new CnameLookup(conf.storage_domain, conf.lookup_depth, resolver);
  return (app) => (req) => lookup.handle(req, app);
};
