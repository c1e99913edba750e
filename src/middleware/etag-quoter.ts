/**
 * etag_quoter - puts the quotes around the ETags of objects that HTTP demands and Swift leaves out, where the operator, an account or a
 * container asks for them. Near the front, right behind the cache.
 */

import {
  accountInfo,
  containerInfo,
  type FilterFactory,
  type Handler,
  isTrueValue,
  type Order,
  readConf,
  type ResourcePath,
  resourcePathOf,
  type SwiftRequest,
  type SwiftResponse,
} from '../middleware-api.ts';

export const confSpec = {
  enable_by_default: {
    type: 'boolean',
    default: false,
    doc: 'Quotes the ETags of objects in accounts and containers that do not say whether they want it.',
  },
} as const;

export const order: Order = {
  after: ['catch_errors', 'gatekeeper', 'memcache'],
  before: ['tempauth', 'keystoneauth', 'copy', 'slo', 'dlo'],
  why: 'it changes the ETags that clients see, not those that other filters work with',
};

const SOURCE = 'EQ';
const NAME = 'rfc-compliant-etags';

/** Carries the wish of an account's or container's owner in system metadata, both ways. */
async function translateSetting(
  app: Handler,
  req: SwiftRequest,
  kind: 'account' | 'container',
): Promise<SwiftResponse> {
  const setting = `x-${kind}-${NAME}`;
  const stored = `x-${kind}-sysmeta-${NAME}`;
  const { headers } = req;
  const wish = headers.get(setting);
  if (wish !== undefined) headers.set(stored, wish === '' ? '' : isTrueValue(wish) ? 'True' : 'False');
  if ((headers.get(`x-remove-${kind}-${NAME}`) ?? '') !== '') headers.set(stored, '');

  const res = await app(req);
  const value = res.headers.get(stored);
  if (value !== undefined) {
    res.headers.delete(stored);
    res.headers.set(setting, value);
  }
  return res;
}

/** Whether ETags of this container's objects are quoted: it decides, else its account, else the config. */
async function wantsQuotes(app: Handler, req: SwiftRequest, byDefault: boolean): Promise<boolean> {
  const container = await containerInfo(req, app, { source: SOURCE });
  if (!isSuccess(container.status)) return false;
  const ofContainer = container.sysmeta[NAME];
  if (ofContainer !== undefined) return isTrueValue(ofContainer);
  const account = await accountInfo(req, app, { source: SOURCE });
  if (!isSuccess(account.status)) return false;
  const ofAccount = account.sysmeta[NAME];
  return ofAccount === undefined ? byDefault : isTrueValue(ofAccount);
}

function isSuccess(status: number): boolean {
  return status >= 200 && status < 300;
}

function isQuoted(etag: string): boolean {
  return (etag.startsWith('"') || etag.startsWith('W/"')) && etag.endsWith('"');
}

function quoteEtag(res: SwiftResponse): void {
  const etag = res.headers.get('etag');
  if (etag !== undefined && !isQuoted(etag)) res.headers.set('etag', `"${etag}"`);
}

function kindOf({ container, object }: ResourcePath): 'account' | 'container' | 'object' {
  if (object !== '') return 'object';
  return container === '' ? 'account' : 'container';
}

export const filterFactory: FilterFactory = (globalConf, localConf, host) => {
  const { enable_by_default: byDefault } = readConf(confSpec, globalConf, localConf);
  host.info.register('etag_quoter', { enable_by_default: byDefault });
  return (app) => async (req) => {
    const target = resourcePathOf(req.path);
    if (target === undefined || !host.constraints.valid_api_versions.includes(target.version)) return app(req);
    const kind = kindOf(target);
    if (kind !== 'object') return translateSetting(app, req, kind);
    // Asked before the request, which may be the one that changes it.
    const quotes = await wantsQuotes(app, req, byDefault);
    const res = await app(req);
    if (quotes) quoteEtag(res);
    return res;
  };
};
