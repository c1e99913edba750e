/**
 * read_only - refuses writes, to the whole cluster or to single accounts. The system metadata X-Account-Sysmeta-Read-Only of an account,
 * which only the operator can set, wins over the config.
 */

import {
  accountInfo,
  type FilterFactory,
  type Handler,
  isTrueValue,
  type Order,
  readConf,
  resourcePathOf,
  type SwiftRequest,
  SwiftResponse,
  unquote,
} from '../middleware-api.ts';

export const confSpec = {
  read_only: { type: 'boolean', default: false, doc: 'Refuses writes to all accounts that do not say otherwise.' },
  allow_deletes: {
    type: 'boolean',
    default: false,
    doc: 'Lets DELETE through all the same, so that space can be freed.',
  },
} as const;

export const order: Order = {
  after: ['catch_errors', 'gatekeeper', 'proxy_logging', 'memcache'],
  before: ['bulk', 'copy', 'slo', 'dlo', 'versioned_writes'],
  why: 'what these filters write by themselves would get past it',
};

/** Where a request writes. A COPY names the account of its destination, percent-encoded, when that is not its own. */
function accountWrittenTo(req: SwiftRequest, ownAccount: string): string {
  const destination = req.method === 'COPY' ? req.headers.get('destination-account') : undefined;
  return destination === undefined ? ownAccount : unquote(destination);
}

async function isReadOnly(app: Handler, req: SwiftRequest, account: string, byDefault: boolean): Promise<boolean> {
  const { sysmeta } = await accountInfo(req, app, { account, source: 'RO' });
  const ofAccount = sysmeta['read-only'] ?? '';
  return ofAccount === '' ? byDefault : isTrueValue(ofAccount);
}

function html(status: number, text: string): SwiftResponse {
  const body = Buffer.from(text);
  return new SwiftResponse(status, { 'content-type': 'text/html; charset=UTF-8', 'content-length': body.length }, body);
}

export const filterFactory: FilterFactory = (globalConf, localConf, host) => {
  const conf = readConf(confSpec, globalConf, localConf);
  if (conf.read_only) host.info.register('read_only', {});
  const writes = new Set(['COPY', 'POST', 'PUT', ...(conf.allow_deletes ? [] : ['DELETE'])]);
  return (app) => async (req) => {
    if (!writes.has(req.method)) return app(req);
    const target = resourcePathOf(req.path);
    if (target === undefined || !host.constraints.valid_api_versions.includes(target.version)) return app(req);
    const account = accountWrittenTo(req, target.account);
    if (account === '') return html(412, 'Account name cannot be empty');
    if (account.includes('/')) return html(412, 'Account name cannot contain slashes');
    if (!(await isReadOnly(app, req, account, conf.read_only))) return app(req);
    return html(405, 'Writes are disabled for this account.');
  };
};
