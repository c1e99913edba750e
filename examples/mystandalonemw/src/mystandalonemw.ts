/**
 * mystandalonemw - filters requests before the proxy routes them: refuses some kinds of file and what is too large, makes reads wait, adds
 * a header to every answer, and sums what is stored while it streams through. Stands in front of proxy-server.
 */

import { type FilterFactory, type Order, readConf, type SwiftRequest } from 'apus/middleware';
import { latency, wait } from './latency.ts';
import { limitBody, refuse } from './refusal.ts';
import { logDownload, sumUpload } from './streams.ts';

export const confSpec = {
  myconf: {
    type: 'text',
    default: '',
    parse: (text: string): number => latency(text),
    doc: 'How long reads of objects wait: latency is <n>ms.',
  },
  refused_extensions: { type: 'list', default: [], doc: 'Objects whose names end so are not stored: .exe, .bat' },
  max_put_bytes: { type: 'bytes', default: 5_368_709_120, doc: 'Largest object that is stored.' },
} as const;

export const order: Order = {
  after: ['catch_errors', 'gatekeeper', 'proxy_logging', 'tempauth', 'keystoneauth'],
  why: 'what it refuses should be logged, and it should cost nothing to those who may not pass anyway',
};

/** A path of four parts: /v1/account/container/object. */
function isObject(req: SwiftRequest): boolean {
  return /^\/v1\/[^/]+\/[^/]+\/./s.test(req.path);
}

export const filterFactory: FilterFactory = (globalConf, localConf, host) => {
  const conf = readConf(confSpec, globalConf, localConf);
  host.info.register('mystandalonemw', { latency_ms: conf.myconf, max_put_bytes: conf.max_put_bytes });
  return (app) => async (req) => {
    const isUpload = req.method === 'PUT' && isObject(req);
    if (isUpload) {
      refuse(req, conf.refused_extensions, conf.max_put_bytes);
      limitBody(req, conf.max_put_bytes);
      sumUpload(req);
    }
    const isDownload = req.method === 'GET' && isObject(req);
    if (isDownload) await wait(conf.myconf, req.signal);
    const res = await app(req);
    res.headers.set('x-mystandalonemw', `latency ${conf.myconf} ms`);
    return isDownload ? logDownload(res, req, host) : res;
  };
};
