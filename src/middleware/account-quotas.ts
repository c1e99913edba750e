/**
 * account_quotas - refuses uploads that would take an account beyond the bytes that a reseller allows it
 * (`X-Account-Meta-Quota-Bytes`). Deleting is always allowed. Behind auth and copy.
 */

import {
  accountInfo,
  type Authorize,
  errorResponse,
  type FilterFactory,
  type Handler,
  integerValue,
  type Order,
  type ResourcePath,
  resourcePathOf,
  type SwiftRequest,
  type SwiftResponse,
  textResponse,
} from '../middleware-api.ts';

export const confSpec = {} as const;

export const order: Order = {
  after: ['tempauth', 'keystoneauth', 'copy'],
  before: ['slo', 'dlo', 'versioned_writes'],
  why: 'only auth tells who is a reseller, and a copy counts as the upload that it becomes',
};

const QUOTA = 'x-account-meta-quota-bytes';
const REMOVE_QUOTA = 'x-remove-account-meta-quota-bytes';
const DIGITS = /^[0-9]+$/;

/** The refusal of a new quota: only resellers set one or take it away, and it is a number of bytes. */
function refuseNewQuota(req: SwiftRequest): SwiftResponse | null {
  const isRemoval = (req.headers.get(REMOVE_QUOTA) ?? '') !== '';
  const quota = isRemoval ? '' : req.headers.get(QUOTA);
  if (quota === undefined) return null;
  if (req.env.resellerRequest !== true) return errorResponse(403);
  return quota === '' || DIGITS.test(quota) ? null : errorResponse(400);
}

async function isBeyondQuota(req: SwiftRequest, app: Handler): Promise<boolean> {
  const { meta, bytes } = await accountInfo(req, app, { source: 'AQ' });
  const quota = integerValue(meta['quota-bytes'] ?? '') ?? -1;
  // A body of unknown length is measured by what is there already.
  return quota >= 0 && bytes + (req.contentLength ?? 0) > quota;
}

function refuseUpload(): SwiftResponse {
  return textResponse(413, 'Upload exceeds quota.', { 'content-type': 'text/html; charset=UTF-8' });
}

/** Whoever may not write at all is to hear that, and nothing of the quota: the app asks this once it knows the ACL. */
function refusingAfter(authorize: Authorize): Authorize {
  return async (req) => (await authorize(req)) ?? refuseUpload();
}

async function handle(req: SwiftRequest, target: ResourcePath, app: Handler): Promise<SwiftResponse> {
  if (target.container === '') return refuseNewQuota(req) ?? app(req);
  const isUpload = req.method === 'PUT' && target.object !== '';
  if (!isUpload || req.env.resellerRequest === true || !(await isBeyondQuota(req, app))) return app(req);
  const { authorize } = req.env;
  if (authorize === undefined) return refuseUpload();
  req.env.authorize = refusingAfter(authorize);
  return app(req);
}

export const filterFactory: FilterFactory = (_globalConf, _localConf, host) => {
  host.info.register('account_quotas', {});
  return (app) => (req) => {
    if (req.method !== 'PUT' && req.method !== 'POST') return app(req);
    const target = resourcePathOf(req.path);
    return target === undefined ? app(req) : handle(req, target, app);
  };
};
