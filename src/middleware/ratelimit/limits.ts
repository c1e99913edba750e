/** Which limits apply to a request. */

import { accountInfo, containerInfo, type Handler, type SwiftRequest, wireFromNative } from '../../middleware-api.ts';
import type { SizedRates } from './sized-rates.ts';

export interface RateConf {
  /** Containers an account may make or delete in a second; 0: any number. */
  accountRate: number;
  containerRates: SizedRates;
  listingRates: SizedRates;
  whitelist: ReadonlySet<string>;
  blacklist: ReadonlySet<string>;
}

/** One rate that a request counts towards. */
export interface Limit {
  /** Of the counter in the cache. */
  key: string;
  requestsPerSecond: number;
}

/** Names of a request's path, native text. */
export interface Target {
  account: string;
  container: string | undefined;
  object: string | undefined;
}

const WRITES: ReadonlySet<string> = new Set(['PUT', 'POST', 'DELETE', 'COPY']);
/** Those that make or remove a container; POST changes none of the account's rows. */
const CONTAINER_CHANGES: ReadonlySet<string> = new Set(['PUT', 'DELETE']);
/** System metadata of an account: WHITELIST, BLACKLIST or writes a second. */
const GLOBAL_WRITE_RATE = 'global-write-ratelimit';
const PATH = /^\/v1(?:\.0)?\/([^/]+)(?:\/(?:([^/]+)(?:\/(.+)?)?)?)?$/s;

/** Undefined for what is not an account, container or object of the API. */
export function targetOf(path: string): Target | undefined {
  const [, account, container, object] = PATH.exec(path) ?? [];
  return account === undefined ? undefined : { account, container, object };
}

/** The account's own setting beside the lists of the options. */
export async function accountStanding(
  conf: RateConf,
  req: SwiftRequest,
  app: Handler,
  account: string,
): Promise<'free' | 'barred' | { globalWriteRate: number | undefined }> {
  const { sysmeta } = await accountInfo(req, app);
  const setting = sysmeta[GLOBAL_WRITE_RATE];
  if (conf.whitelist.has(account) || setting === 'WHITELIST') return 'free';
  if (conf.blacklist.has(account) || setting === 'BLACKLIST') return 'barred';
  const rate = Number(setting ?? '');
  return { globalWriteRate: rate > 0 && Number.isFinite(rate) ? rate : undefined };
}

export async function limitsOf(
  conf: RateConf,
  req: SwiftRequest,
  app: Handler,
  target: Target,
  globalWriteRate: number | undefined,
): Promise<Limit[]> {
  const limits: Limit[] = [];
  const { account, container, object } = target;
  // Python's proxies use the bytes of names as they stand in the path.
  const accountKey = wireFromNative(account);
  const isContainer = container !== undefined && object === undefined;
  if (conf.accountRate > 0 && isContainer && CONTAINER_CHANGES.has(req.method)) {
    limits.push({ key: `ratelimit/${accountKey}`, requestsPerSecond: conf.accountRate });
  }
  if (container !== undefined) {
    const containerKey = `${accountKey}/${wireFromNative(container)}`;
    if (object !== undefined && WRITES.has(req.method)) {
      await addSized(limits, `ratelimit/${containerKey}`, conf.containerRates, req, app);
    }
    if (isContainer && req.method === 'GET') {
      await addSized(limits, `ratelimit_listing/${containerKey}`, conf.listingRates, req, app);
    }
  }
  if (globalWriteRate !== undefined && WRITES.has(req.method)) {
    limits.push({ key: `ratelimit/global-write/${accountKey}`, requestsPerSecond: globalWriteRate });
  }
  return limits;
}

async function addSized(
  limits: Limit[],
  key: string,
  rates: SizedRates,
  req: SwiftRequest,
  app: Handler,
): Promise<void> {
  if (rates.isEmpty) return;
  const { status, object_count: size } = await containerInfo(req, app);
  // What is not there has no size: not even 0.
  const requestsPerSecond = status >= 200 && status < 300 ? rates.rateFor(size) : undefined;
  if (requestsPerSecond !== undefined) limits.push({ key, requestsPerSecond });
}
