/**
 * authtoken - asks Keystone who the user of X-Auth-Token is, and tells the filters behind (keystoneauth) by headers. What OpenStack has as
 * keystonemiddleware's auth_token.
 */

import {
  type Cache,
  type FilterFactory,
  type Handler,
  type Order,
  readConf,
  type SwiftRequest,
  SwiftResponse,
  type TypedConf,
} from '../middleware-api.ts';
import { passesAccessRules, passesBinding } from './authtoken/access-rules.ts';
import { loginBody } from './authtoken/credentials.ts';
import { removeIdentity, tellService, tellUser } from './authtoken/identity-headers.ts';
import type { JsonObject } from './authtoken/json.ts';
import { KeystoneHttp, KeystoneUnavailable, type Sleep, sleepOf } from './authtoken/keystone-http.ts';
import { KeystoneSession } from './authtoken/keystone-session.ts';
import { confSpec } from './authtoken/options.ts';
import { needsToken, unavailable } from './authtoken/refusals.ts';
import { readToken, type Token } from './authtoken/token.ts';
import { TokenCache } from './authtoken/token-cache.ts';

export { confSpec };

export const order: Order = {
  after: ['catch_errors', 'gatekeeper', 'memcache'],
  before: ['s3api', 's3token', 'keystoneauth'],
  why: 'it may keep tokens in the cache, and keystoneauth relies on who the user is',
};

type Conf = TypedConf<typeof confSpec>;

/** A token, with what Keystone told of it. */
interface Known {
  token: Token;
  told: JsonObject;
}

class AuthToken {
  readonly #conf: Conf;
  readonly #keystone: KeystoneSession;
  readonly #cache: TokenCache;
  readonly #now: () => number;
  readonly #challenge: string;
  /** Questions on their way, one for all requests that have the same. */
  readonly #asking = new Map<string, Promise<JsonObject | undefined>>();

  constructor(conf: Conf, keystone: KeystoneSession, now: () => number) {
    this.#conf = conf;
    this.#keystone = keystone;
    this.#cache = new TokenCache(conf.token_cache_time, now);
    this.#now = now;
    this.#challenge = `Keystone uri="${conf.www_authenticate_uri ?? conf.auth_uri ?? conf.auth_url}"`;
  }

  async handle(req: SwiftRequest, app: Handler): Promise<SwiftResponse> {
    removeIdentity(req.headers);
    req.env.keystoneTokenInfo = undefined;
    let isKnown: boolean;
    try {
      isKnown = await this.#identify(req);
    } catch (error) {
      if (!(error instanceof KeystoneUnavailable)) throw error;
      return unavailable(req);
    }
    if (!isKnown && !this.#conf.delay_auth_decision) return needsToken(this.#challenge);
    const res = await app(req);
    if (res.status === 401) addChallenge(res, this.#challenge);
    return res;
  }

  /** Tells who user and service are; false unless they are all known that the request names. */
  async #identify(req: SwiftRequest): Promise<boolean> {
    const { headers } = req;
    const serviceToken = headers.get('x-service-token') ?? '';
    const userToken = headers.get('x-auth-token') ?? headers.get('x-storage-token') ?? '';
    const hasService = serviceToken !== '';
    const service = hasService ? await this.#find(req, serviceToken, false) : undefined;
    const mayBeExpired = service !== undefined && this.#isService(service.token);
    const user = userToken === '' ? undefined : await this.#find(req, userToken, mayBeExpired);
    const isUser = user !== undefined && this.#mayUse(req, user.token, hasService);
    const isService = service !== undefined && (mayBeExpired || !this.#conf.service_token_roles_required);
    if (isUser) req.env.keystoneTokenInfo = user.told;
    tellUser(headers, isUser ? user.token : undefined, this.#conf.include_service_catalog);
    if (hasService) tellService(headers, isService ? service.token : undefined);
    return isUser && isService === hasService;
  }

  #isService({ roles }: Token): boolean {
    return roles.some((role) => this.#conf.service_token_roles.includes(role));
  }

  #mayUse(req: SwiftRequest, token: Token, isFromService: boolean): boolean {
    if (!passesAccessRules(req, token, this.#conf.service_type, isFromService)) return false;
    return isFromService || passesBinding(token, this.#conf.enforce_token_bind);
  }

  /** undefined for a token that is no good. Throws KeystoneUnavailable when that cannot be learnt and the client is to be told so. */
  async #find(req: SwiftRequest, given: string, mayBeExpired: boolean): Promise<Known | undefined> {
    const text = given.trim();
    if (!/^[\x20-\x7e]+$/.test(text)) return undefined;
    let told: JsonObject | undefined;
    try {
      told = await this.#ask(this.#sharedCache(req), text, mayBeExpired);
    } catch (error) {
      if (!(error instanceof KeystoneUnavailable)) throw error;
      req.log.error(`authtoken: Unable to validate token: ${error.message}`);
      if (this.#conf.delay_auth_decision) return undefined;
      throw error;
    }
    const token = readToken(told);
    if (told === undefined || token === undefined) return undefined;
    return mayBeExpired || token.expires >= this.#now() ? { token, told } : undefined;
  }

  #sharedCache(req: SwiftRequest): Cache | undefined {
    return this.#conf.cache === 'swift.cache' ? req.env.cache : undefined;
  }

  async #ask(shared: Cache | undefined, token: string, mayBeExpired: boolean): Promise<JsonObject | undefined> {
    const cached = await this.#cache.get(shared, token);
    if (cached !== undefined) return cached;
    const key = `${mayBeExpired}${token}`;
    let asking = this.#asking.get(key);
    if (asking === undefined) {
      asking = this.#askKeystone(shared, token, mayBeExpired).finally(() => this.#asking.delete(key));
      this.#asking.set(key, asking);
    }
    return asking;
  }

  async #askKeystone(shared: Cache | undefined, token: string, mayBeExpired: boolean): Promise<JsonObject | undefined> {
    const told = await this.#keystone.ask(token, mayBeExpired);
    if (told !== undefined) await this.#cache.set(shared, token, told);
    return told;
  }
}

function addChallenge(res: SwiftResponse, challenge: string): void {
  const others = res.headers.get('www-authenticate');
  res.headers.set('www-authenticate', others === undefined ? challenge : `${others}, ${challenge}`);
}

/** A factory of the filter with a way to wait, between questions that Keystone did not answer, of the caller's own. */
export function makeFilterFactory(sleep: Sleep): FilterFactory {
  return async (globalConf, localConf, host) => {
    const conf = readConf(confSpec, globalConf, localConf);
    const auth_type = conf.auth_type ?? conf.auth_plugin;
    if (auth_type === undefined) throw new Error('auth_type is missing: how authtoken logs in to Keystone');
    const login = loginBody({
      ...conf,
      auth_type,
      project_id: conf.project_id ?? conf.tenant_id,
      project_name: conf.project_name ?? conf.tenant_name,
    });
    const connection = {
      timeoutSec: conf.http_connect_timeout,
      caFile: conf.cafile,
      certFile: conf.certfile,
      keyFile: conf.keyfile,
      insecure: conf.insecure,
    };
    const http = await KeystoneHttp.open(connection, sleep);
    host.onClose(() => http.close());
    const keystone = new KeystoneSession(http, {
      authUrl: conf.auth_url,
      login,
      interface: conf.interface,
      region: conf.region_name,
      withCatalog: conf.include_service_catalog,
      retries: conf.http_request_max_retries,
      now: () => host.now(),
    });
    if (conf.memcached_servers !== undefined && conf.cache === undefined) {
      host.log.warn('authtoken: memcached_servers has no effect; cache = swift.cache keeps tokens in the cache filter');
    }
    const auth = new AuthToken(conf, keystone, () => host.now());
    return (app) => (req) => auth.handle(req, app);
  };
}

export const filterFactory: FilterFactory = makeFilterFactory(sleepOf);
