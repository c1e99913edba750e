/**
 * gatekeeper - keeps what is internal to the cluster from clients: system metadata and `X-Backend-*` headers are removed from
 * requests and from answers. Must stand outside every filter that uses them.
 */

import { type FilterFactory, type Headers, type Order, readConf, type SwiftRequest } from '../middleware-api.ts';

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
} as const;

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

function rename(req: SwiftRequest, from: string, to: string): void {
  const value = req.headers.get(from);
  if (value === undefined) return;
  req.headers.delete(from);
  req.headers.set(to, value);
}

export const filterFactory: FilterFactory = (globalConf, localConf) => {
  const conf = readConf(confSpec, globalConf, localConf);
  return (app) => async (req) => {
    const removed = removeInternal(req.headers);
    if (removed.length > 0) req.log.debug(`removed request headers: ${removed.join(', ')}`);
    // Only filters that are written for it look at the client's own timestamp.
    if (conf.shunt_inbound_x_timestamp) rename(req, 'x-timestamp', 'x-backend-inbound-x-timestamp');
    if (conf.allow_reserved_names_header) rename(req, 'x-allow-reserved-names', 'x-backend-allow-reserved-names');
    const res = await app(req);
    removeInternal(res.headers);
    return res;
  };
};
