/** Requests for accounts. */

import { quote } from '../../common/text.ts';
import { formatQuery, type SwiftRequest } from '../../http/request.ts';
import { checkMetadata } from '../../http/metadata-limits.ts';
import { listingContentType } from '../../http/listing-content-type.ts';
import { FAKE_ACCOUNT_HEADER, RECHECK_ACCOUNT_HEADER, cacheAccountInfo, clearInfo } from '../../http/resource-info.ts';
import { HttpError, SwiftResponse, errorResponse } from '../../http/response.ts';
import { autocreateAccount } from '../account-autocreate.ts';
import { backendHeaders, type TransferRules } from '../backend-headers.ts';
import { bestResponse } from '../best-response.ts';
import type { ProxyContext } from '../proxy-context.ts';
import { ensureTimestamp } from '../request-timestamp.ts';
import { readResource } from '../resource-read.ts';
import { writeToNodes } from '../write-nodes.ts';
import { exposeAccountAcl } from './account-acl.ts';
import type { Controller, ResourceNames } from './controller.ts';
import { allowedMethods } from './method-table.ts';
import { hideOwnerHeaders, nameTooLong } from './resource-answers.ts';

const TRANSFER: TransferRules = { serverType: 'Account', passThrough: new Set(), remove: new Set() };

export const accountController: Controller = {
  serverType: 'Account',
  operations: { GET: read, HEAD: read, PUT: put, POST: post, DELETE: remove },
  delaysDenial: new Set(),
};

async function read(context: ProxyContext, req: SwiftRequest, { account }: ResourceNames): Promise<SwiftResponse> {
  const tooLong = nameTooLong('Account', account, context.constraints.max_account_name_length);
  if (tooLong !== undefined) return tooLong;
  // Backends always list as JSON; the filter in front turns it into what the client wants.
  req.setParams(new Map(req.params).set('format', 'json'));
  let res = await readResource(context, req, { serverType: 'Account', account, queryString: formatQuery(req.params) });
  if (res.status === 404) {
    if (res.headers.get('x-account-status')?.toLowerCase() === 'deleted') {
      res.status = 410;
      res.reason = undefined;
    } else if (context.conf.accountAutocreate) {
      res = await replaced(res, emptyListing(context, req));
    }
  }
  res.headers.set(RECHECK_ACCOUNT_HEADER, context.conf.recheckAccountExistenceSec);
  await cacheAccountInfo(req, account, res, context.policies);
  if (req.env.swiftOwner === true) exposeAccountAcl(res);
  else hideOwnerHeaders(context, res);
  return res;
}

async function replaced(old: SwiftResponse, by: SwiftResponse): Promise<SwiftResponse> {
  await old.close();
  return by;
}

/** What an account answers that does not exist but will once something is written to it. */
function emptyListing(context: ProxyContext, req: SwiftRequest): SwiftResponse {
  const type = listingContentType(req);
  const now = context.now();
  const body = req.method === 'HEAD' ? Buffer.alloc(0) : Buffer.from('[]');
  return new SwiftResponse(
    200,
    {
      'content-type': `${type}; charset=utf-8`,
      'content-length': body.length,
      'x-account-container-count': 0,
      'x-account-object-count': 0,
      'x-account-bytes-used': 0,
      'x-timestamp': now.internal,
      'x-put-timestamp': now.internal,
      [FAKE_ACCOUNT_HEADER]: 'yes',
    },
    body,
  );
}

async function put(context: ProxyContext, req: SwiftRequest, { account }: ResourceNames): Promise<SwiftResponse> {
  refuseBlankContainer(req);
  if (!context.conf.allowAccountManagement) return managementIsOff(context);
  const refusal = checkMetadata(req.headers, 'account', context.constraints);
  if (refusal !== undefined) return refusal.toResponse();
  const tooLong = nameTooLong('Account', account, context.constraints.max_account_name_length);
  if (tooLong !== undefined) return tooLong;
  ensureTimestamp(context, req);
  await clearInfo(req, account);
  const res = await write(context, req, account, 'PUT', true);
  exposeAccountAcl(res);
  return res;
}

async function post(context: ProxyContext, req: SwiftRequest, { account }: ResourceNames): Promise<SwiftResponse> {
  refuseBlankContainer(req);
  const tooLong = nameTooLong('Account', account, context.constraints.max_account_name_length);
  if (tooLong !== undefined) return tooLong;
  const refusal = checkMetadata(req.headers, 'account', context.constraints);
  if (refusal !== undefined) return refusal.toResponse();
  ensureTimestamp(context, req);
  await clearInfo(req, account);
  let res = await write(context, req, account, 'POST', true);
  if (res.status === 404 && context.conf.accountAutocreate) {
    await autocreateAccount(context, req, account);
    res = await replaced(res, await write(context, req, account, 'POST', true));
  }
  exposeAccountAcl(res);
  return res;
}

async function remove(context: ProxyContext, req: SwiftRequest, { account }: ResourceNames): Promise<SwiftResponse> {
  refuseBlankContainer(req);
  // A query was meant for some filter; taking it for the removal of the account would be a costly mistake.
  if (req.queryString !== '') return errorResponse(400);
  if (!context.conf.allowAccountManagement) return managementIsOff(context);
  ensureTimestamp(context, req);
  await clearInfo(req, account);
  return await write(context, req, account, 'DELETE', false);
}

/** `/v1/account//` is likelier a container whose name got lost than the account, which may be read so but not changed. */
function refuseBlankContainer(req: SwiftRequest): void {
  if (req.path.endsWith('//')) throw new HttpError(400, `Invalid path: ${quote(req.path)}`);
}

async function write(
  context: ProxyContext,
  req: SwiftRequest,
  account: string,
  method: string,
  withMetadata: boolean,
): Promise<SwiftResponse> {
  const ring = context.ring('account');
  const partition = ring.partitionOf(account);
  const timestamp = req.headers.get('x-timestamp');
  const headers = backendHeaders(context, req, {
    additional: { 'x-timestamp': timestamp },
    transfer: withMetadata ? TRANSFER : undefined,
  });
  const answers = await writeToNodes(context, req, {
    serverType: 'Account',
    nodes: context.nodes(ring, partition, req.log),
    partition,
    method,
    path: `/${account}`,
    headers: ring.primaries(partition).map(() => headers),
  });
  return bestResponse(answers);
}

function managementIsOff(context: ProxyContext): SwiftResponse {
  return errorResponse(405, { allow: allowedMethods(context, accountController) });
}
