/** Where an object is kept, and whether the request may touch it. */

import type { RingLookup } from '../common/host.ts';
import type { StoragePolicy } from '../common/storage-policy.ts';
import { wireFromNative } from '../common/text.ts';
import type { ContainerInfo } from '../http/resource-info.ts';
import type { SwiftRequest } from '../http/request.ts';
import { HttpError, type SwiftResponse } from '../http/response.ts';
import type { ResourceNames } from './controllers/controller.ts';
import type { ProxyContext } from './proxy-context.ts';
import { lookUpContainer } from './resource-lookup.ts';

export interface ObjectLocation {
  readonly container: ContainerInfo;
  readonly policy: StoragePolicy;
  readonly ring: RingLookup;
  readonly partition: number;
  /** `/account/container/object`, native text. */
  readonly path: string;
}

/**
 * Looks up the container and its policy, and names the policy to the nodes in `req`. Throws HttpError 503 for a policy that is not known
 * or whose objects are not kept as replicas.
 */
export async function locateObject(
  context: ProxyContext,
  req: SwiftRequest,
  names: ResourceNames,
): Promise<ObjectLocation> {
  const { account, container, object } = names;
  const info = await lookUpContainer(context, req, names);
  const given = req.headers.get('x-backend-storage-policy-index');
  // What is known of a container that is not there says nothing of policies: Swift asks policy 0.
  const index = given !== undefined ? Number(given) : exists(info) ? info.storage_policy : 0;
  const policy = context.policies.get(index);
  if (policy === undefined) {
    req.log.error(`No policy with index ${given ?? index}`);
    throw new HttpError(503);
  }
  if (policy.type === 'erasure_coding') {
    req.log.error(`Policy ${policy.name} is erasure coded, which this server does not do`);
    throw new HttpError(503);
  }
  const ring = context.ring('object', policy.index);
  req.headers.set('x-backend-storage-policy-index', policy.index);
  const partition = ring.partitionOf(account, container, object);
  return { container: info, policy, ring, partition, path: `/${account}/${container}/${object}` };
}

/** Tells what `authorize` needs to know another cluster by that keeps this container in step: writes of objects show its key. */
export function tellSyncKey(req: SwiftRequest, container: ContainerInfo): void {
  req.env.syncKey = container.sync_key === null ? undefined : wireFromNative(container.sync_key);
}

/** The refusal of a request that the container's ACL does not let pass, or null. */
export async function refused(req: SwiftRequest, acl: string | null): Promise<SwiftResponse | null> {
  req.env.acl = acl;
  return req.env.authorize === undefined ? null : await req.env.authorize(req);
}

/** False for a container that is not there, or of which nothing could be learned. */
export function exists(info: ContainerInfo): boolean {
  return info.status >= 200 && info.status < 300;
}
