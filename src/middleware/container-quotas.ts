/**
 * container_quotas - refuses uploads that would take a container beyond the bytes (`X-Container-Meta-Quota-Bytes`) or the number of
 * objects (`X-Container-Meta-Quota-Count`) that its owner allows. Behind auth and copy.
 */

import {
  type ContainerInfo,
  containerInfo,
  type FilterFactory,
  type Handler,
  type Order,
  resourcePathOf,
  type SwiftRequest,
  type SwiftResponse,
  textResponse,
} from '../middleware-api.ts';

export const confSpec = {} as const;

export const order: Order = {
  after: ['tempauth', 'keystoneauth', 'copy'],
  before: ['slo', 'dlo', 'versioned_writes'],
  why: 'who may not write is to hear that rather than of a quota, and a copy counts as the upload that it becomes',
};

const DIGITS = /^[0-9]+$/;

function plain(status: 400 | 413, text: string): SwiftResponse {
  return textResponse(status, text, { 'content-type': 'text/html; charset=UTF-8' });
}

/** The refusal of a quota that is no number; an empty one takes the quota away. */
function refuseNewQuota({ headers }: SwiftRequest): SwiftResponse | null {
  for (const kind of ['bytes', 'count']) {
    const quota = headers.get(`x-container-meta-quota-${kind}`) ?? '';
    if (quota !== '' && !DIGITS.test(quota)) return plain(400, `Invalid ${kind} quota.`);
  }
  return null;
}

function exceeds(quota: string | undefined, amount: number): boolean {
  return quota !== undefined && DIGITS.test(quota) && Number(quota) < amount;
}

/** Whoever may not write there must not learn that the container exists. */
async function refuseUpload(req: SwiftRequest, info: ContainerInfo): Promise<SwiftResponse> {
  req.env.acl = info.write_acl;
  return (await req.env.authorize?.(req)) ?? plain(413, 'Upload exceeds quota.');
}

async function upload(req: SwiftRequest, app: Handler): Promise<SwiftResponse> {
  const info = await containerInfo(req, app, { source: 'CQ' });
  if (info.status < 200 || info.status > 299) return app(req);
  const { meta, bytes, object_count: count } = info;
  const isBeyond =
    exceeds(meta['quota-bytes'], bytes + (req.contentLength ?? 0)) || exceeds(meta['quota-count'], count + 1);
  return isBeyond ? refuseUpload(req, info) : app(req);
}

export const filterFactory: FilterFactory = (_globalConf, _localConf, host) => {
  host.info.register('container_quotas', {});
  return (app) => (req) => {
    if (req.method !== 'PUT' && req.method !== 'POST') return app(req);
    const target = resourcePathOf(req.path);
    if (target === undefined || target.container === '') return app(req);
    if (target.object === '') {
      const refusal = refuseNewQuota(req);
      return refusal === null ? app(req) : Promise.resolve(refusal);
    }
    return req.method === 'PUT' ? upload(req, app) : app(req);
  };
};
