/**
 * catch_errors - gives each request its transaction id and turns whatever the rest of the pipeline throws into a 500, so that a client
 * always gets an answer that can be found in the log. Stands first.
 */

import {
  type FilterFactory,
  HttpError,
  newTransactionId,
  type Order,
  quote,
  readConf,
  type SwiftRequest,
  type SwiftResponse,
  textResponse,
} from '../middleware-api.ts';

export const confSpec = {
  trans_id_suffix: { type: 'text', default: '', doc: 'Appended to every transaction id, to tell clusters apart.' },
} as const;

export const order: Order = {
  before: ['gatekeeper', 'healthcheck', 'proxy_logging', 'memcache', 'listing_formats', 'ratelimit', 'tempauth'],
  why: 'what stands before it has no transaction id and its faults reach the client as a closed connection',
};

const EXTRA_LENGTH_LIMIT = 32;

/** `tx`, 21 random hex digits, the time in hex, the cluster's suffix, and what the client asked to be added. */
function transactionId(req: SwiftRequest, suffix: string, nowSeconds: number): string {
  const id = newTransactionId(nowSeconds) + quote(suffix);
  const extra = req.headers.get('x-trans-id-extra');
  return extra === undefined || extra === '' ? id : `${id}-${quote(extra.slice(0, EXTRA_LENGTH_LIMIT))}`;
}

export const filterFactory: FilterFactory = (globalConf, localConf, host) => {
  const conf = readConf(confSpec, globalConf, localConf);
  const answer = (error: unknown, req: SwiftRequest): SwiftResponse => {
    if (error instanceof HttpError) return error.toResponse();
    req.log.error('Error: An error occurred', error);
    return textResponse(500, 'An error occurred', { 'content-type': 'text/plain' });
  };
  return (app) => async (req) => {
    const id = transactionId(req, conf.trans_id_suffix, host.now());
    req.env.transId = id;
    req.log = host.log.withTransaction(id);
    let res: SwiftResponse;
    try {
      res = await app(req);
    } catch (error) {
      res = answer(error, req);
    }
    res.headers.set('x-trans-id', id).set('x-openstack-request-id', id);
    return res;
  };
};
