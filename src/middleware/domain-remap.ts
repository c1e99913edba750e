/**
 * domain_remap - takes account and container from the domain that the client asked: `container.AUTH-account.example.com/object` stands
 * for `/v1/AUTH_account/container/object`.
 */

import {
  domainSuffixes,
  type FilterFactory,
  type Handler,
  mapLocations,
  nativeFromWire,
  type Order,
  readConf,
  splitHostHeader,
  type SwiftRequest,
  type SwiftResponse,
  textResponse,
  type TypedConf,
} from '../middleware-api.ts';

export const confSpec = {
  storage_domain: {
    type: 'list',
    default: ['example.com'],
    doc: 'Domains whose subdomains stand for accounts and containers.',
  },
  path_root: { type: 'text', default: 'v1', doc: 'Put in front of the account: the version of the API.' },
  reseller_prefixes: {
    type: 'list',
    default: ['AUTH'],
    doc: 'Prefixes of accounts that are remapped, in the case that accounts have: browsers send domains in lower case.',
  },
  default_reseller_prefix: {
    type: 'text',
    doc: 'Put in front of accounts that have none of reseller_prefixes; when not set, they are not remapped.',
  },
  mangle_client_paths: {
    type: 'boolean',
    default: false,
    doc: 'A path that begins with path_root is taken to have it twice: the old way, which hides objects of such names.',
  },
} as const;

export const order: Order = {
  after: ['catch_errors', 'gatekeeper', 'cname_lookup'],
  before: ['tempauth', 'keystoneauth', 'formpost', 'staticweb', 'copy', 'slo', 'dlo', 'versioned_writes'],
  why: 'what stands behind it finds account and container in the path',
};

type Conf = TypedConf<typeof confSpec>;

class DomainRemap {
  readonly #conf: Conf;
  readonly #suffixes: readonly string[];
  readonly #root: string;

  constructor(conf: Conf) {
    this.#conf = conf;
    this.#suffixes = domainSuffixes(conf.storage_domain);
    this.#root = conf.path_root.replace(/^\/+|\/+$/g, '');
  }

  async handle(req: SwiftRequest, app: Handler): Promise<SwiftResponse> {
    const { host } = splitHostHeader(req.headers.get('host') ?? '');
    const suffix = this.#suffixes.find((candidate) => host.endsWith(candidate));
    if (suffix === undefined) return app(req);
    const labels = nativeFromWire(host.slice(0, -suffix.length))
      .replace(/^\.+|\.+$/g, '')
      .split('.');
    if (labels.length > 2) return textResponse(400, 'Bad domain in host header', { 'content-type': 'text/plain' });
    const account = this.#account(labels.at(-1) as string);
    if (account === undefined) return app(req);
    const container = labels.length === 2 ? [labels[0]] : [];
    const asked = req.rawPath;
    req.path = ['', this.#root, account, ...container, this.#pathBehind(req.path)].join('/');
    const rewritten = req.rawPath;
    const res = await app(req);
    mapLocations(res, (location) => {
      const origin = /^https?:\/\/[^/]+/.exec(location)?.[0] ?? '';
      if (!location.startsWith(rewritten, origin.length)) return location;
      return origin + asked + location.slice(origin.length + rewritten.length);
    });
    return res;
  }

  /** The account that a label stands for; undefined for one that is left alone. */
  #account(label: string): string | undefined {
    const { reseller_prefixes: prefixes, default_reseller_prefix: byDefault } = this.#conf;
    if (prefixes.length === 0) return label;
    const account = label.includes('_') ? label : label.replace('-', '_');
    const given = (account.split('_', 1)[0] as string).toLowerCase();
    const prefix = prefixes.find((candidate) => candidate.toLowerCase() === given);
    if (prefix !== undefined) return prefix + account.slice(prefix.length);
    return byDefault === undefined || byDefault === '' ? undefined : `${byDefault}_${account}`;
  }

  #pathBehind(path: string): string {
    const behind = path.slice(1);
    const root = `${this.#root}/`;
    const isDoubled = this.#conf.mangle_client_paths && `${behind}/`.startsWith(root);
    return isDoubled ? behind.slice(root.length) : behind;
  }
}

export const filterFactory: FilterFactory = (globalConf, localConf, host) => {
  const conf = readConf(confSpec, globalConf, localConf);
  host.info.register('domain_remap', { default_reseller_prefix: conf.default_reseller_prefix ?? null });
  const remap = new DomainRemap(conf);
  return (app) => (req) => remap.handle(req, app);
};
