/**
 * gatekeeper - keeps what is internal to the cluster from clients: system metadata and `X-Backend-*` headers are removed from
 * requests and from answers. Must stand outside every filter that uses them.
 */

import {
  type ConfSpec,
  type FilterFactory,
  type Headers,
  isTrueValue,
  type Order,
  readConf,
  type SwiftRequest,
} from '../middleware-api.ts';

export const confSpec = {
  shunt_inbound_x_timestamp: {
    type: 'boolean',
    default: true,
    doc: "Moves a client's X-Timestamp out of the way; false lets clients choose the timestamps of what they store.",
  },
  allow_reserved_names_header: {
    type: 'boolean',
    default: false,
    doc: 'Lets clients reach the reserved namespace with X-Allow-Reserved-Names.',
  },
} as const satisfies ConfSpec;

export const order: Order = {
  after: ['catch_errors'],
  before: ['listing_formats', 'ratelimit', 'tempauth', 'keystoneauth', 'copy', 'dlo', 'slo', 'versioned_writes'],
  why: 'filters outside it would see and could be told lies by internal headers that a client sent',
};

const INTERNAL = /^x-(?:(?:account|container|object)-sysmeta-|object-transient-sysmeta-|backend)/;

function removeInternal(headers: Headers): string[] {
  const removed: string[] = [];
  for (const name of headers.names()) if (name.startsWith('x-') && INTERNAL.test(name)) removed.push(name);
  for (const name of removed) headers.delete(name);
  return removed;
}

/** The client's X-Timestamp goes to a header that only filters written for it look at. */
function shuntTimestamp(req: SwiftRequest): void {
  const timestamp = req.headers.get('x-timestamp');
  if (timestamp === undefined) return;
  req.headers.delete('x-timestamp');
  req.headers.set('x-backend-inbound-x-timestamp', timestamp);
}

export const filterFactory: FilterFactory = (globalConf, localConf) => {
  const conf = readConf(confSpec, globalConf, localConf);
  return (app) => async (req) => {
    const removed = removeInternal(req.headers);
    if (removed.length > 0) req.log.debug(`removed request headers: ${removed.join(', ')}`);
    if (conf.shunt_inbound_x_timestamp) shuntTimestamp(req);
    if (conf.allow_reserved_names_header && isTrueValue(req.headers.get('x-allow-reserved-names'))) {
      req.headers.set('x-backend-allow-reserved-names', 'true');
    }
    const res = await app(req);
    removeInternal(res.headers);
    return res;
  };
};
