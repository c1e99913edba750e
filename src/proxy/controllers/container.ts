/** Requests for containers. */

import { isTrueValue, wireFromNative } from '../../common/text.ts';
import type { RingNode } from '../../common/host.ts';
import { Timestamp } from '../../common/timestamp.ts';
import { readAll } from '../../http/body.ts';
import { Headers } from '../../http/headers.ts';
import { checkMetadata } from '../../http/metadata-limits.ts';
import { formatQuery, type SwiftRequest } from '../../http/request.ts';
import { RECHECK_CONTAINER_HEADER, cacheContainerInfo, clearInfo } from '../../http/resource-info.ts';
import { type SwiftResponse, errorResponse, textResponse } from '../../http/response.ts';
import { autocreateAccount, existingAccount } from '../account-autocreate.ts';
import { backendHeaders, type TransferRules } from '../backend-headers.ts';
import { bestResponse } from '../best-response.ts';
import type { ProxyContext } from '../proxy-context.ts';
import { lookUpContainer } from '../resource-lookup.ts';
import { ensureTimestamp } from '../request-timestamp.ts';
import { readResource } from '../resource-read.ts';
import { writeToNodes } from '../write-nodes.ts';
import { listContainer } from './container-listing.ts';
import type { Controller, ResourceNames } from './controller.ts';
import { hideOwnerHeaders, htmlText, nameTooLong } from './resource-answers.ts';

const PASSED = ['x-container-read', 'x-container-write', 'x-container-sync-key', 'x-container-sync-to'];
const SHARDING_SYSMETA = 'x-container-sysmeta-sharding';
const VERSIONS = 'x-versions-location';

const TRANSFER: TransferRules = {
  serverType: 'Container',
  passThrough: new Set([...PASSED, VERSIONS]),
  remove: new Set([...PASSED.map((name) => name.replace('x-', 'x-remove-')), 'x-remove-versions-location']),
};

export const containerController: Controller = {
  serverType: 'Container',
  operations: { GET: read, HEAD: read, PUT: put, POST: post, DELETE: remove },
  privateOperations: { UPDATE: update },
  delaysDenial: new Set(['GET', 'HEAD']),
};

async function read(context: ProxyContext, req: SwiftRequest, names: ResourceNames): Promise<SwiftResponse> {
  const { account, container } = names;
  const autoAccount = account.startsWith(context.constraints.auto_create_account_prefix);
  if (!autoAccount && (await existingAccount(context, req, account)) === undefined) {
    return (await req.env.authorize?.(req)) ?? errorResponse(404);
  }
  const res =
    req.method === 'GET'
      ? await listContainer(context, req, names)
      : await readResource(context, req, {
          serverType: 'Container',
          account,
          container,
          queryString: formatQuery(req.params),
        });
  res.headers.set(RECHECK_CONTAINER_HEADER, context.conf.recheckContainerExistenceSec);
  await cacheContainerInfo(req, account, container, res);
  req.env.acl = res.headers.getText('x-container-read') ?? null;
  const refusal = await req.env.authorize?.(req);
  if (refusal != null) {
    await res.close();
    return refusal;
  }
  if (req.env.swiftOwner !== true) hideOwnerHeaders(context, res);
  if (req.env.resellerRequest === true) showSharding(res);
  return namePolicy(context, res);
}

/** X-Container-Sharding, for operators: whether the sharder may split the container. */
function showSharding(res: SwiftResponse): void {
  res.headers.set('x-container-sharding', isTrueValue(res.headers.get(SHARDING_SYSMETA)) ? 'True' : 'False');
}

/** X-Storage-Policy: the name of the policy whose index the backend gave. */
function namePolicy(context: ProxyContext, res: SwiftResponse): SwiftResponse {
  const index = res.headers.get('x-backend-storage-policy-index');
  const policy = index === undefined || !res.isSuccess ? undefined : context.policies.get(Number(index));
  if (policy !== undefined) res.headers.set('x-storage-policy', policy.name);
  return res;
}

async function put(context: ProxyContext, req: SwiftRequest, names: ResourceNames): Promise<SwiftResponse> {
  const { account, container } = names;
  const refusal = cleanAcls(req) ?? checkMetadata(req.headers, 'container', context.constraints)?.toResponse();
  if (refusal !== undefined) return refusal;
  const policy = policyIndexOf(context, req);
  if (typeof policy === 'object') return policy;
  prepareHeaders(context, req);
  const tooLong = nameTooLong('Container', container, containerNameLimit(context, account));
  if (tooLong !== undefined) return tooLong;
  ensureTimestamp(context, req);
  let info = await existingAccount(context, req, account);
  if (info === undefined && context.conf.accountAutocreate) {
    if (!(await autocreateAccount(context, req, account))) return errorResponse(503);
    info = await existingAccount(context, req, account);
  }
  if (info === undefined) return errorResponse(404);
  const full = await refuseFullAccount(context, req, names, info.container_count);
  if (full !== undefined) return full;
  const res = await writeWithAccount(context, req, names, policy);
  await clearInfo(req, account, container);
  return res;
}

async function post(context: ProxyContext, req: SwiftRequest, names: ResourceNames): Promise<SwiftResponse> {
  const { account, container } = names;
  const refusal = cleanAcls(req) ?? checkMetadata(req.headers, 'container', context.constraints)?.toResponse();
  if (refusal !== undefined) return refusal;
  prepareHeaders(context, req);
  ensureTimestamp(context, req);
  if ((await existingAccount(context, req, account)) === undefined) return errorResponse(404);
  const { partition, nodes } = containerPlace(context, names);
  const headers = backendHeaders(context, req, {
    additional: { 'x-timestamp': req.headers.get('x-timestamp') },
    transfer: TRANSFER,
  });
  await clearInfo(req, account, container);
  return await write(
    context,
    req,
    names,
    partition,
    nodes.map(() => headers),
  );
}

async function remove(context: ProxyContext, req: SwiftRequest, names: ResourceNames): Promise<SwiftResponse> {
  const { account, container } = names;
  ensureTimestamp(context, req);
  if ((await existingAccount(context, req, account)) === undefined) return errorResponse(404);
  await clearInfo(req, account, container);
  const res = await writeWithAccount(context, req, names, undefined);
  // 202 is a container server's way of saying that it has no such container.
  return res.status === 202 ? errorResponse(404) : res;
}

/** Longest list of rows: a thousand names of three bytes a character, escaped. */
const MAX_ROWS_BYTES = 64 * 1024 * 1024;

/** Merges rows that a filter made into the container, which is made when its account begins with a dot. */
async function update(context: ProxyContext, req: SwiftRequest, names: ResourceNames): Promise<SwiftResponse> {
  const rows = await readAll(req.body, MAX_ROWS_BYTES);
  const { partition, nodes } = containerPlace(context, names);
  const headers = backendHeaders(context, req, {
    additional: {
      'x-timestamp': Timestamp.fromSeconds(context.host.now()).internal,
      // Whose objects they are is the filter's to know.
      'x-backend-storage-policy-index': req.headers.get('x-backend-storage-policy-index'),
    },
    transfer: TRANSFER,
  });
  return await write(
    context,
    req,
    names,
    partition,
    nodes.map(() => headers),
    rows,
  );
}

function containerNameLimit(context: ProxyContext, account: string): number {
  const { auto_create_account_prefix: prefix, max_container_name_length: limit } = context.constraints;
  // Internal containers hold another container's name and more.
  return account.startsWith(prefix) ? limit * 2 : limit;
}

/** Index of the policy that the client asks for, undefined when it does not care, or the refusal. */
function policyIndexOf(context: ProxyContext, req: SwiftRequest): number | undefined | SwiftResponse {
  const name = req.headers.getText('x-storage-policy');
  if (name === undefined || name === '') return undefined;
  const policy = context.policies.byName(name);
  if (policy === undefined) {
    return textResponse(400, `Invalid X-Storage-Policy '${name}'`, { 'content-type': 'text/plain' });
  }
  if (policy.isDeprecated) return htmlText(400, `Storage Policy '${policy.name}' is deprecated`);
  return policy.index;
}

/** Puts ACLs into canonical form; the refusal of one that is not valid. */
function cleanAcls(req: SwiftRequest): SwiftResponse | undefined {
  const { cleanAcl } = req.env;
  if (cleanAcl === undefined) return undefined;
  for (const name of ['x-container-read', 'x-container-write']) {
    const value = req.headers.getText(name);
    if (value === undefined) continue;
    try {
      req.headers.set(name, wireFromNative(cleanAcl(name, value)));
    } catch (error) {
      return htmlText(400, error instanceof Error ? error.message : String(error));
    }
  }
  return undefined;
}

/** Drops what only owners may set, and lets an operator switch sharding on. */
function prepareHeaders(context: ProxyContext, req: SwiftRequest): void {
  if (req.env.swiftOwner !== true) for (const name of context.conf.swiftOwnerHeaders) req.headers.delete(name);
  const sharding = req.headers.get('x-container-sharding');
  if (req.env.resellerRequest === true && sharding !== undefined) {
    req.headers.set(SHARDING_SYSMETA, isTrueValue(sharding) ? 'True' : 'False');
  }
}

async function refuseFullAccount(
  context: ProxyContext,
  req: SwiftRequest,
  { account, container }: ResourceNames,
  containerCount: number,
): Promise<SwiftResponse | undefined> {
  const { maxContainersPerAccount: limit, maxContainersWhitelist } = context.conf;
  if (limit <= 0 || containerCount < limit || maxContainersWhitelist.includes(account)) return undefined;
  const info = await lookUpContainer(context, req, { account, container });
  if (info.status >= 200 && info.status < 300) return undefined;
  return htmlText(403, `Reached container limit of ${limit}`);
}

function containerPlace(
  context: ProxyContext,
  { account, container }: ResourceNames,
): { partition: number; nodes: readonly RingNode[] } {
  const ring = context.ring('container');
  const partition = ring.partitionOf(account, container);
  return { partition, nodes: ring.primaries(partition) };
}

/** A write of which the account's servers are told by the container's: each gets some of them to tell. */
async function writeWithAccount(
  context: ProxyContext,
  req: SwiftRequest,
  names: ResourceNames,
  policyIndex: number | undefined,
): Promise<SwiftResponse> {
  const { partition, nodes } = containerPlace(context, names);
  const additional = new Headers({ 'x-timestamp': req.headers.get('x-timestamp') });
  if (policyIndex === undefined) additional.set('x-backend-storage-policy-default', context.policies.default.index);
  else additional.set('x-backend-storage-policy-index', policyIndex);
  const common = backendHeaders(context, req, { additional, transfer: TRANSFER });
  const requests = nodes.map(() => new Headers(common));
  const accountRing = context.ring('account');
  const accountPartition = accountRing.partitionOf(names.account);
  accountRing.primaries(accountPartition).forEach((node, at) => {
    const headers = requests[at % requests.length] as Headers;
    headers.set('x-account-partition', accountPartition);
    headers.append('x-account-host', `${node.ip}:${node.port}`);
    headers.append('x-account-device', node.device);
  });
  return await write(context, req, names, partition, requests);
}

async function write(
  context: ProxyContext,
  req: SwiftRequest,
  { account, container }: ResourceNames,
  partition: number,
  headers: readonly Headers[],
  body?: Uint8Array,
): Promise<SwiftResponse> {
  const answers = await writeToNodes(context, req, {
    serverType: 'Container',
    nodes: context.nodes(context.ring('container'), partition, req.log),
    partition,
    method: req.method,
    path: `/${account}/${container}`,
    headers,
    body,
  });
  return bestResponse(answers);
}
