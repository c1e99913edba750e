/** Accounts that come into being when something is first written to them. */

import { Headers } from '../http/headers.ts';
import type { SwiftRequest } from '../http/request.ts';
import { type AccountInfo, clearInfo } from '../http/resource-info.ts';
import { bestResponse } from './best-response.ts';
import type { ProxyContext } from './proxy-context.ts';
import { lookUpAccount } from './resource-lookup.ts';
import { writeToNodes } from './write-nodes.ts';

/** Info of an account, or undefined when it does not exist. */
export async function existingAccount(
  context: ProxyContext,
  req: SwiftRequest,
  account: string,
): Promise<AccountInfo | undefined> {
  const info = await lookUpAccount(context, req, account);
  const exists = info.status >= 200 && info.status < 300 && info.account_really_exists;
  return exists ? info : undefined;
}

/** Makes the account; true when a quorum of its servers has it. */
export async function autocreateAccount(context: ProxyContext, req: SwiftRequest, account: string): Promise<boolean> {
  const ring = context.ring('account');
  const partition = ring.partitionOf(account);
  const transId = req.env.transId ?? '';
  const headers = new Headers({
    'x-timestamp': context.now().internal,
    'x-trans-id': transId,
    'x-openstack-request-id': transId,
  });
  for (const [name, value] of req.headers) if (name.startsWith('x-account-sysmeta-')) headers.set(name, value);
  const answers = await writeToNodes(context, req, {
    serverType: 'Account',
    nodes: context.nodes(ring, partition, req.log),
    partition,
    method: 'PUT',
    path: `/${account}`,
    headers: ring.primaries(partition).map(() => headers),
  });
  const made = bestResponse(answers).isSuccess;
  if (!made) {
    req.log.warn(`Could not autocreate account '${account}'`);
    return false;
  }
  req.log.info(`autocreate account '${account}'`);
  await clearInfo(req, account);
  return true;
}
