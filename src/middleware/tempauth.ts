/**
 * tempauth - users and keys listed in the section itself, tokens in the shared cache. For tests and small clusters. Needs a cache filter
 * in front of it.
 */

import { timingSafeEqual } from 'node:crypto';
import {
  cleanAcl,
  errorResponse,
  type FilterFactory,
  type Handler,
  type Host,
  nativeFromWire,
  type Order,
  readConf,
  type SwiftRequest,
  SwiftResponse,
  type TypedConf,
  unauthorizedResponse,
  wireFromNative,
} from '../middleware-api.ts';
import { deny, makeAuthorize } from './tempauth/authorize.ts';
import { Resellers } from './tempauth/resellers.ts';
import { TokenStore } from './tempauth/tokens.ts';
import { readUsers, type User } from './tempauth/users.ts';

export const confSpec = {
  reseller_prefix: {
    type: 'text',
    default: 'AUTH',
    doc: "Prefixes of accounts, comma separated; '' (two quotes) for none.",
  },
  require_group: { type: 'text', default: '', doc: 'Group that a user needs beside owning the account.' },
  '<prefix>_require_group': { type: 'text', doc: 'require_group for one reseller prefix.' },
  auth_prefix: { type: 'text', default: '/auth/', doc: 'Where tokens are asked for.' },
  token_life: { type: 'seconds', default: 86400, doc: 'How long a token lives.' },
  allow_overrides: {
    type: 'boolean',
    default: true,
    doc: 'Filters further out may let a request pass (tempurl, formpost).',
  },
  storage_url_scheme: {
    type: 'text',
    default: 'default',
    choices: ['default', 'http', 'https'],
    doc: "Scheme of storage URLs; default is the request's own.",
  },
  'user_<account>_<user>': { type: 'text', doc: '<key> [group] [group] ... [storage_url]' },
  'user64_<account>_<user>': { type: 'text', doc: 'The same with both names in base64 without =.' },
} as const;

export const order: Order = {
  after: ['catch_errors', 'gatekeeper', 'memcache', 'ratelimit'],
  before: ['copy', 'staticweb', 'container_quotas', 'account_quotas', 'slo', 'dlo', 'versioned_writes'],
  why: 'tokens are kept in the cache, and what stands behind it relies on who the user is',
};

class TempAuth {
  readonly #conf: TypedConf<typeof confSpec>;
  readonly #resellers: Resellers;
  readonly #users: ReadonlyMap<string, User>;
  readonly #tokens: TokenStore;
  readonly #authPrefix: string;
  readonly #now: () => number;

  constructor(conf: TypedConf<typeof confSpec>, all: Readonly<Record<string, string>>, host: Host) {
    this.#conf = conf;
    this.#resellers = new Resellers(all);
    this.#users = readUsers(all, this.#tokenPrefix);
    this.#tokens = new TokenStore(this.#tokenPrefix, conf.token_life, host.now);
    const authPath = conf.auth_prefix.replace(/^\/+|\/+$/g, '');
    if (authPath === '') host.log.warn(`tempauth: auth_prefix "${conf.auth_prefix}" is empty; /auth/ is used`);
    this.#authPrefix = `/${authPath || 'auth'}/`;
    this.#now = host.now;
  }

  get #tokenPrefix(): string {
    return this.#resellers.tokenPrefix;
  }

  handler(app: Handler): Handler {
    const authorize = makeAuthorize(this.#resellers, app);
    return async (req) => {
      if (this.#conf.allow_overrides && req.env.authorizeOverride === true) return app(req);
      if (req.path.startsWith(this.#authPrefix)) return this.#grant(req);
      const token = req.headers.get('x-auth-token') ?? req.headers.get('x-storage-token') ?? '';
      const isOurs = token !== '' && token.startsWith(this.#tokenPrefix);
      const isKnown = isOurs && (await this.#identify(req, token));
      // Without a prefix the token may be another filter's.
      if (isOurs && !isKnown && this.#tokenPrefix !== '') return unauthorizedResponse(req, rawRealm(req));
      if (isKnown || (!isOurs && this.#speaksFor(req))) {
        req.env.authorize = authorize;
        req.env.cleanAcl = cleanAcl;
      } else req.env.authorize ??= (request) => deny(request);
      return app(req);
    };
  }

  /** Sets the user of a token of ours; false for a token that is no good. */
  async #identify(req: SwiftRequest, token: string): Promise<boolean> {
    const groups = await this.#groupsOf(req, token);
    if (groups === undefined || groups === '') return false;
    const service = req.headers.get('x-service-token') ?? '';
    const serviceGroups = service === '' ? undefined : await this.#groupsOf(req, service);
    req.env.remoteUser = serviceGroups === undefined ? groups : `${groups},${serviceGroups}`;
    if (req.env.remoteUser.split(',').includes('.reseller_admin')) req.env.resellerRequest = true;
    return true;
  }

  async #groupsOf(req: SwiftRequest, token: string): Promise<string | undefined> {
    const { cache } = req.env;
    if (cache === undefined) throw new Error('tempauth needs a cache filter in front of it in the pipeline');
    return this.#tokens.groupsOf(cache, token);
  }

  /** Whether requests of nobody known are ours to judge. Without a prefix only where no other filter does. */
  #speaksFor(req: SwiftRequest): boolean {
    const [, , account] = req.path.split('/', 3);
    if (this.#resellers.prefixOf(account)) return true;
    return this.#tokenPrefix === '' && req.env.authorize === undefined;
  }

  /** `GET /auth/v1.0`, `/auth/auth`, or `/auth/v1/<account>/auth`. */
  async #grant(req: SwiftRequest): Promise<SwiftResponse> {
    if (req.method !== 'GET') return errorResponse(405);
    const [version = '', account, ...rest] = req.path.slice(this.#authPrefix.length).split('/');
    if (version === '') return errorResponse(404);
    const isShort = version === 'v1.0' || version === 'auth';
    const isLong = version === 'v1' && rest.join('/') === 'auth';
    if (!isShort && !isLong) return errorResponse(400);
    const { headers } = req;
    const shortKey = headers.get('x-auth-key') || headers.get('x-storage-pass');
    const longKey = headers.get('x-storage-pass') || headers.get('x-auth-key');
    const name = isLong ? nameInAccount(req, account ?? '') : nameOf(req);
    const key = isLong ? longKey : shortKey;
    if (name === undefined) return unauthorizedResponse(req, isLong ? wireFromNative(account ?? '') : 'unknown');
    const user = this.#users.get(name);
    if (user === undefined || key === undefined || key === '') {
      return unauthorizedResponse(req, wireFromNative(name.split(':')[0] ?? '') || 'unknown');
    }
    const isRight = isSameKey(nativeFromWire(key), user.key);
    return isRight ? this.#answer(req, name, user) : unauthorizedResponse(req, 'unknown');
  }

  async #answer(req: SwiftRequest, name: string, user: User): Promise<SwiftResponse> {
    const { cache } = req.env;
    if (cache === undefined) throw new Error('tempauth needs a cache filter in front of it in the pipeline');
    const { token, expires } = await this.#tokens.grant(cache, name, this.#groups(name, user));
    return new SwiftResponse(200, {
      'content-type': 'text/html; charset=UTF-8',
      'content-length': 0,
      'x-auth-token': token,
      'x-storage-token': token,
      'x-auth-token-expires': Math.floor(expires - this.#now()),
      'x-storage-url': this.#storageUrl(req, user),
    });
  }

  /** The account, the user, the groups listed, and for an admin the storage accounts. */
  #groups(name: string, user: User): string {
    const [account = ''] = name.split(':');
    const groups = [account, name, ...user.groups.filter((group) => group !== '.admin')];
    if (user.groups.includes('.admin')) {
      for (const prefix of this.#resellers.prefixes) if (prefix !== '') groups.push(`${prefix}${account}`);
      const own = user.url.slice(user.url.lastIndexOf('/') + 1);
      if (!groups.includes(own)) groups.push(own);
    }
    return groups.join(',');
  }

  #storageUrl(req: SwiftRequest, user: User): string {
    const address = (req.headers.get('host') ?? 'localhost').replace(req.scheme === 'https' ? /:443$/ : /:80$/, '');
    const url = wireFromNative(user.url).replaceAll('$HOST', () => `${req.scheme}://${address}`);
    const { storage_url_scheme: scheme } = this.#conf;
    return scheme === 'default' ? url : scheme + url.slice(url.indexOf(':'));
  }
}

/** The account of the path as it came, decoded. */
function rawRealm(req: SwiftRequest): string {
  const [, version = '', account = ''] = req.path.split('/', 3);
  return version === '' || account === '' ? 'unknown' : wireFromNative(account);
}

/** `account:user` of the headers; undefined when there is none. */
function nameOf(req: SwiftRequest): string | undefined {
  const name = req.headers.getText('x-auth-user') || req.headers.getText('x-storage-user');
  return name?.includes(':') === true ? name : undefined;
}

function nameInAccount(req: SwiftRequest, account: string): string | undefined {
  const user = req.headers.getText('x-storage-user');
  if (user !== undefined && user !== '') return `${account}:${user}`;
  const name = req.headers.getText('x-auth-user');
  return name?.startsWith(`${account}:`) === true ? name : undefined;
}

function isSameKey(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

export const filterFactory: FilterFactory = (globalConf, localConf, host) => {
  const conf = readConf(confSpec, globalConf, localConf);
  const auth = new TempAuth(conf, { ...globalConf, ...localConf }, host);
  host.info.register('tempauth', { account_acls: true });
  return (app) => auth.handler(app);
};
