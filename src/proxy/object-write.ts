/** POST and DELETE of an object, and what every write of one sends along. Source: spec swift-formats 6.2, 6.4. */

import type { RingLookup, RingNode } from '../common/host.ts';
import { integerValue } from '../common/python-integer.ts';
import { quorumSize } from '../common/storage-policy.ts';
import { normalizeDeleteAt } from '../common/timestamp.ts';
import { Headers } from '../http/headers.ts';
import type { SwiftRequest } from '../http/request.ts';
import { errorResponse, type SwiftResponse } from '../http/response.ts';
import { backendHeaders } from './backend-headers.ts';
import { bestResponse, type NodeAnswer } from './best-response.ts';
import type { ResourceNames } from './controllers/controller.ts';
import type { NodeIteration } from './node-iteration.ts';
import { expirerContainer } from '../common/expirer-container.ts';
import type { ObjectLocation } from './object-location.ts';
import type { ProxyContext } from './proxy-context.ts';
import { type QueueTarget, spreadUpdates } from './update-spread.ts';
import { updateTarget } from './update-target.ts';
import { writeToNodes } from './write-nodes.ts';

/** Headers of `requestCount` object requests, each with its share of the container and queue updates. */
export async function writeHeaders(
  context: ProxyContext,
  req: SwiftRequest,
  names: ResourceNames,
  location: ObjectLocation,
  requestCount: number,
): Promise<Headers[]> {
  const { ring, container } = location;
  if (ring.nextPartPower !== null) req.headers.set('x-backend-next-part-power', ring.nextPartPower);
  const queue = req.method === 'DELETE' ? undefined : queueTarget(context, req, names);
  const target = await updateTarget(context, req, names, container);
  const headers = backendHeaders(context, req, { additional: req.headers });
  const requests = Array.from({ length: requestCount }, () => new Headers(headers));
  spreadUpdates(requests, quorumSize(ring.replicaCount), target, queue);
  return requests;
}

/** Where an expiring object's row in the queue goes; normalises X-Delete-At. Undefined for one that does not expire. */
function queueTarget(context: ProxyContext, req: SwiftRequest, names: ResourceNames): QueueTarget | undefined {
  const deleteAt = integerValue(req.headers.get('x-delete-at') ?? '');
  if (deleteAt === undefined) return undefined;
  const normal = normalizeDeleteAt(deleteAt);
  req.headers.set('x-delete-at', normal);
  (req.env.logInfo ??= []).push(`x-delete-at:${Number(normal)}`);
  const { expiringObjectsAccountName, expiringObjectsContainerDivisorSec } = context.conf;
  const account = context.constraints.auto_create_account_prefix + expiringObjectsAccountName;
  const { hashPath } = context.host;
  const container = expirerContainer(hashPath, Number(normal), expiringObjectsContainerDivisorSec, names);
  const ring = context.ring('container');
  const partition = ring.partitionOf(account, container);
  return { container, partition, nodes: ring.primaries(partition) };
}

/** A body is not sent on: what the client said of its own must not be either. */
function withoutBody(requests: readonly Headers[]): readonly Headers[] {
  for (const headers of requests) {
    headers.delete('transfer-encoding');
    headers.delete('expect');
    if (headers.has('content-length')) headers.set('content-length', 0);
  }
  return requests;
}

/** Replaces an object's metadata. */
export async function postObject(
  context: ProxyContext,
  req: SwiftRequest,
  names: ResourceNames,
  location: ObjectLocation,
): Promise<SwiftResponse> {
  const { ring, partition, path, policy } = location;
  const replicas = ring.primaries(partition).length;
  const headers = withoutBody(await writeHeaders(context, req, names, location, replicas));
  const nodes = context.nodes(ring, partition, req.log, { policyIndex: policy.index });
  const request = { serverType: 'Object' as const, nodes, partition, method: 'POST', path, headers };
  const answers = await writeToNodes(context, req, request);
  const stored = answers.filter(({ status }) => status >= 200 && status < 300).length;
  const missing = answers.filter(({ status }) => status === 404);
  if (stored === 0 || stored >= quorumSize(replicas) || missing.length === 0) return bestResponse(answers);

  // Some primaries never got the object: handoffs may hold it in their stead.
  const instead = missing.map(({ slot }) => headers[slot ?? 0] as Headers);
  const more = await writeToNodes(context, req, { ...request, headers: instead });
  const counted: NodeAnswer[] = [...answers.filter(({ status }) => status !== 404), ...more];
  const response = bestResponse(counted);
  // The object is there, so that it is missing would be wrong.
  return response.status === 404 ? errorResponse(503) : response;
}

/** Deletes an object; nodes that never had it are taken for having deleted it when that makes the quorum. */
export async function deleteObject(
  context: ProxyContext,
  req: SwiftRequest,
  names: ResourceNames,
  location: ObjectLocation,
): Promise<SwiftResponse> {
  const { ring, partition, path } = location;
  const localHandoffs = localHandoffsOf(context, location);
  const requestCount = ring.primaries(partition).length + localHandoffs.length;
  const headers = withoutBody(await writeHeaders(context, req, names, location, requestCount));
  const nodes = deleteNodes(context, req, location, localHandoffs);
  const answers = await writeToNodes(context, req, {
    serverType: 'Object',
    nodes,
    partition,
    method: 'DELETE',
    path,
    headers,
  });
  return bestResponse(answers, { overrides: { 404: 204 } });
}

/** With write affinity, the handoffs that a PUT may have chosen over primaries far away. */
function localHandoffsOf(context: ProxyContext, location: ObjectLocation): RingNode[] {
  const { ring, partition, policy } = location;
  const { isLocalForWrites, writeAffinityHandoffDeleteCount } = context.conf.forPolicy(policy.index);
  if (isLocalForWrites === null) return [];
  const primaries = ring.primaries(partition);
  const remote = primaries.filter((node) => !isLocalForWrites(node)).length;
  const wanted = writeAffinityHandoffDeleteCount ?? remote;
  const found: RingNode[] = [];
  if (wanted === 0) return found;
  for (const node of ring.handoffs(partition)) {
    if (isLocalForWrites(node) && found.push(node) === wanted) break;
  }
  return found;
}

function deleteNodes(
  context: ProxyContext,
  req: SwiftRequest,
  location: ObjectLocation,
  localHandoffs: readonly RingNode[],
): NodeIteration {
  const { ring, partition, policy } = location;
  const order = localHandoffs.length === 0 ? ring : withHandoffsFirst(ring, localHandoffs);
  return context.nodes(order, partition, req.log, { policyIndex: policy.index });
}

/** The ring, but with some handoffs before the others. */
function withHandoffsFirst(ring: RingLookup, first: readonly RingNode[]): RingLookup {
  const ids = new Set(first.map(({ id }) => id));
  return {
    replicaCount: ring.replicaCount,
    partPower: ring.partPower,
    nextPartPower: ring.nextPartPower,
    devices: ring.devices,
    partitionOf: (account, container, object) => ring.partitionOf(account, container, object),
    primaries: (partition) => ring.primaries(partition),
    handoffs: function* (partition) {
      yield* first;
      for (const node of ring.handoffs(partition)) if (!ids.has(node.id)) yield node;
    },
  };
}
