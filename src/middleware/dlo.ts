/**
 * dlo - dynamic large objects: an object with `X-Object-Manifest: container/prefix` is read as all objects of that container whose names
 * begin with the prefix, one behind the other by name. Behind auth and copy, in front of what changes single objects.
 */

import {
  type Conf,
  ConfigError,
  type FilterFactory,
  type Handler,
  ignoreRangeIfPresent,
  isTrueValue,
  type Order,
  readConf,
  readSection,
  resourcePathOf,
  type SwiftRequest,
  type SwiftResponse,
  textResponse,
} from '../middleware-api.ts';
import { type DloSettings, readManifest } from './dlo/read-manifest.ts';

export const confSpec = {
  rate_limit_after_segment: {
    type: 'integer',
    default: 10,
    doc: 'So many segments of a large object are sent as fast as they come.',
  },
  rate_limit_segments_per_sec: {
    type: 'integer',
    default: 1,
    doc: 'So many of the segments behind those are begun a second; 0: no limit.',
  },
  max_get_time: { type: 'seconds', default: 86400, doc: 'A GET that takes longer is broken off.' },
} as const;

export const order: Order = {
  after: ['tempauth', 'keystoneauth', 'copy', 'staticweb'],
  before: ['versioned_writes', 'symlink'],
  why: 'segments are read in the name of the user, and a copy of a large object is one of what it is read as',
};

const MANIFEST = 'X-Object-Manifest';
/** A manifest's own content is read up to this length, so that the connection to its node may serve again. */
const SMALL_BYTES = 1024;

function isObjectPath(path: string): boolean {
  return (resourcePathOf(path)?.object ?? '') !== '';
}

/** What is wrong with the header of a PUT, or null. */
function refuseManifest(value: string): SwiftResponse | null {
  const slash = value.indexOf('/');
  const isValid = slash > 0 && slash < value.length - 1 && value[slash + 1] !== '/' && !/[?&]/.test(value);
  if (isValid) return null;
  const text = 'X-Object-Manifest must be in the format container/prefix';
  return textResponse(400, text, { 'content-type': 'text/html; charset=UTF-8' });
}

/** Settings that stood in the proxy's own section before there was a filter count when the filter's section has none of them. */
function withOldPlace(globalConf: Conf, localConf: Conf): Conf {
  const names = Object.keys(confSpec);
  const path = globalConf['__file__'];
  if (path === undefined || names.some((name) => (localConf[name] ?? globalConf[name]) !== undefined)) return localConf;
  const old = appSection(path);
  const found = names.flatMap((name) => (old[name] === undefined ? [] : [[name, old[name]] as const]));
  return found.length === 0 ? localConf : { ...localConf, ...Object.fromEntries(found) };
}

/** The section of the app at the end of the pipeline; empty when there is no such thing. */
function appSection(path: string): Conf {
  try {
    const name = readSection(path, 'pipeline:main')['pipeline']?.trim().split(/\s+/).at(-1) ?? '';
    return readSection(path, `app:${name}`);
  } catch (error) {
    if (error instanceof ConfigError) return {};
    throw error;
  }
}

/** The manifest's answer is dropped: what is sent instead is made of its headers. */
async function dropBody(res: SwiftResponse): Promise<void> {
  const { contentLength } = res;
  if (contentLength === null || !(contentLength < SMALL_BYTES)) await res.close();
  else await res.bytes(SMALL_BYTES);
}

function wantsManifestItself(req: SwiftRequest): boolean {
  return req.queryString !== '' && req.params.get('multipart-manifest') === 'get';
}

export const filterFactory: FilterFactory = (globalConf, localConf, host) => {
  const conf = readConf(confSpec, globalConf, withOldPlace(globalConf, localConf));
  const settings: DloSettings = {
    listingLimit: host.constraints.container_listing_limit,
    limits: {
      maxGetTimeSec: conf.max_get_time,
      rateLimitAfterSegment: conf.rate_limit_after_segment,
      rateLimitSegmentsPerSec: conf.rate_limit_segments_per_sec,
    },
    now: () => host.now(),
  };
  const read = async (req: SwiftRequest, app: Handler): Promise<SwiftResponse> => {
    const res = await app(req);
    const manifest = res.headers.get(MANIFEST);
    // An object that is both was put as a static one, and slo is to read its own manifest.
    if (manifest === undefined || isTrueValue(res.headers.get('x-static-large-object'))) return res;
    await dropBody(res);
    return readManifest(settings, req, app, res.headers, manifest);
  };
  return (app) => (req) => {
    const { method } = req;
    if (method === 'PUT') {
      const value = req.headers.get(MANIFEST);
      const refusal = value !== undefined && isObjectPath(req.path) ? refuseManifest(value) : null;
      return refusal === null ? app(req) : Promise.resolve(refusal);
    }
    if ((method !== 'GET' && method !== 'HEAD') || !isObjectPath(req.path) || wantsManifestItself(req)) return app(req);
    ignoreRangeIfPresent(req.headers, MANIFEST);
    return read(req, app);
  };
};
