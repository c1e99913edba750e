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
  quote,
  readConf,
  type SwiftRequest,
  SwiftResponse,
  textResponse,
  type TypedConf,
  wireFromNative,
} from '../middleware-api.ts';
import {
  ACCOUNT_ACL_HEADER,
  ACCOUNT_ACL_SYSMETA,
  accountAclFault,
  canonicalAccountAcl,
} from './tempauth/account-acl.ts';
import { deny, makeAuthorize, unauthorized } from './tempauth/authorize.ts';
import { readResellers, type Reseller, resellerOf } from './tempauth/resellers.ts';
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
  readonly #resellers: readonly Reseller[];
  readonly #users: ReadonlyMap<string, User>;
  readonly #tokens: TokenStore;
  readonly #authPrefix: string;
  readonly #now: () => number;

  constructor(conf: TypedConf<typeof confSpec>, all: Readonly<Record<string, string>>, host: Host) {
    this.#conf = conf;
    this.#resellers = readResellers(all);
    this.#users = readUsers(all, this.#tokenPrefix);
    this.#tokens = new TokenStore(this.#tokenPrefix, conf.token_life, host.now);
    this.#authPrefix = `/${conf.auth_prefix.replace(/^\/+|\/+$/g, '')}/`;
    this.#now = host.now;
  }

  get #tokenPrefix(): string {
    return this.#resellers[0]?.prefix ?? '';
  }

  handler(app: Handler): Handler {
    const authorize = makeAuthorize(this.#resellers, app);
    return async (req) => {
      if (this.#conf.allow_overrides && req.env.authorizeOverride === true) return app(req);
      if (req.path.startsWith(this.#authPrefix)) return this.#grant(req);
      const token = req.headers.get('x-auth-token') ?? req.headers.get('x-storage-token') ?? '';
      const isOurs = token !== '' && token.startsWith(this.#tokenPrefix);
      if (isOurs && !(await this.#identify(req, token))) return unauthorized(req);
      if (isOurs || this.#speaksFor(req)) req.env.authorize = authorize;
      else req.env.authorize ??= (request) => deny(request);
      req.env.cleanAcl ??= cleanAcl;
      return translateAccountAcl(req) ?? app(req);
    };
  }

  /** Sets the user of a token of ours; false for a token that is no good. */
  async #identify(req: SwiftRequest, token: string): Promise<boolean> {
    const groups = await this.#groupsOf(req, token);
    if (groups === undefined) return false;
    const service = req.headers.get('x-service-token');
    const isService = service?.startsWith(this.#tokenPrefix) === true;
    const serviceGroups = isService ? await this.#groupsOf(req, service) : undefined;
    req.env.remoteUser = serviceGroups === undefined ? groups : `${groups},${serviceGroups}`;
    if (groups.split(',').includes('.reseller_admin')) req.env.resellerRequest = true;
    return true;
  }

  async #groupsOf(req: SwiftRequest, token: string): Promise<string | undefined> {
    const { cache } = req.env;
    if (cache === undefined) throw new Error('tempauth needs a cache filter in front of it in the pipeline');
    return this.#tokens.groupsOf(cache, token);
  }

  #speaksFor(req: SwiftRequest): boolean {
    const [, , account] = req.path.split('/');
    if (this.#tokenPrefix === '' && req.env.authorize !== undefined) return false;
    return resellerOf(account, this.#resellers) !== undefined;
  }

  /** `GET /auth/v1.0`, or `/auth/v1/<account>/auth`. */
  async #grant(req: SwiftRequest): Promise<SwiftResponse> {
    if (req.method !== 'GET') return errorResponse(405);
    if (req.path === this.#authPrefix) return errorResponse(404);
    const [version, account, word, ...rest] = req.path.slice(this.#authPrefix.length).replace(/\/$/, '').split('/');
    const isShort = version === 'v1.0' && account === undefined;
    const isLong = version === 'v1' && account !== undefined && word === 'auth' && rest.length === 0;
    if (!isShort && !isLong) return errorResponse(400);
    const name = isLong ? nameInAccount(req, account) : nameOf(req);
    if (name === undefined) return unauthorized(req, isLong ? quote(account) : 'unknown');
    const user = this.#users.get(name);
    const key = req.headers.get('x-auth-key') ?? req.headers.get('x-storage-pass');
    if (user === undefined || key === undefined) return unauthorized(req, quote(name.split(':')[0] as string));
    return isSameKey(nativeFromWire(key), user.key) ? this.#answer(req, name, user) : unauthorized(req, 'unknown');
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
      for (const { prefix } of this.#resellers) groups.push(`${prefix}${account}`);
      const own = user.url.slice(user.url.lastIndexOf('/') + 1);
      if (!groups.includes(own)) groups.push(own);
    }
    return groups.join(',');
  }

  #storageUrl(req: SwiftRequest, user: User): string {
    const scheme = this.#conf.storage_url_scheme === 'default' ? req.scheme : this.#conf.storage_url_scheme;
    const address = (req.headers.get('host') ?? 'localhost').replace(req.scheme === 'https' ? /:443$/ : /:80$/, '');
    const [base, , ...path] = user.url.split(/(\$HOST)/);
    return wireFromNative(
      base + (path.length > 0 ? `${scheme}://${nativeFromWire(address)}${quote(path.join(''))}` : ''),
    );
  }
}

/** `account:user` of the headers; undefined when there is none. */
function nameOf(req: SwiftRequest): string | undefined {
  const name = req.headers.getText('x-auth-user') ?? req.headers.getText('x-storage-user');
  return name?.includes(':') === true ? name : undefined;
}

function nameInAccount(req: SwiftRequest, account: string): string | undefined {
  const user = req.headers.getText('x-storage-user');
  if (user !== undefined) return `${account}:${user}`;
  const name = req.headers.getText('x-auth-user');
  return name?.startsWith(`${account}:`) === true ? name : undefined;
}

function isSameKey(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** A client's account ACL becomes system metadata; an answer when it is none. */
function translateAccountAcl(req: SwiftRequest): SwiftResponse | undefined {
  const text = req.headers.getText(ACCOUNT_ACL_HEADER);
  if (text === undefined) return undefined;
  const fault = accountAclFault(text);
  if (fault !== undefined) {
    return textResponse(400, `X-Account-Access-Control invalid: ${fault}\n\nInput: ${text}\n`);
  }
  req.headers.delete(ACCOUNT_ACL_HEADER);
  req.headers.setText(ACCOUNT_ACL_SYSMETA, canonicalAccountAcl(text));
  return undefined;
}

export const filterFactory: FilterFactory = (globalConf, localConf, host) => {
  const conf = readConf(confSpec, globalConf, localConf);
  const auth = new TempAuth(conf, { ...globalConf, ...localConf }, host);
  host.info.register('tempauth', { account_acls: true });
  return (app) => auth.handler(app);
};
