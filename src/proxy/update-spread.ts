/**
 * Which object server is asked to update which container server. Every object request of a write gets headers of its own, so that
 * enough container replicas hear of it even when only a quorum of object servers succeeds.
 * Source: spec swift-formats 6.2.
 */

import type { RingNode } from '../common/host.ts';
import { quorumSize } from '../common/storage-policy.ts';
import type { Headers } from '../http/headers.ts';

/** Where the row of an object goes: the container, or the shard of it that covers the name. */
export interface ContainerTarget {
  readonly partition: number;
  readonly nodes: readonly RingNode[];
  /** What the root container says of itself: `unsharded`, `sharding`, `sharded`, `collapsed`. */
  readonly rootDbState: string;
  /** Percent-encoded `account/container` of the shard; undefined for the container itself. */
  readonly quotedPath?: string | undefined;
}

/** Where the row of an expiring object goes. */
export interface QueueTarget {
  readonly container: string;
  readonly partition: number;
  readonly nodes: readonly RingNode[];
}

/** Object servers that are told to clean the expirer queue; more would only multiply the work of the updaters. */
const QUEUE_CLEANERS = 2;

/**
 * How many container updates a write carries in all, so that with the fewest object servers that make a success a quorum of
 * container servers still hears of it.
 */
export function countContainerUpdates(containerReplicas: number, objectReplicas: number, objectQuorum: number): number {
  return Math.max(quorumSize(containerReplicas) + objectReplicas - objectQuorum, containerReplicas);
}

/** Sets the update headers on `requests`, the headers of one object request for each replica. */
export function spreadUpdates(
  requests: readonly Headers[],
  objectQuorum: number,
  container: ContainerTarget,
  queue?: QueueTarget,
): void {
  const updates = countContainerUpdates(container.nodes.length, requests.length, objectQuorum);
  for (let update = 0; update < updates; update++) {
    const index = update % requests.length;
    addContainerUpdate(
      requests[index] as Headers,
      container,
      container.nodes[update % container.nodes.length] as RingNode,
    );
    if (queue !== undefined && queue.nodes.length > 0) {
      // From the other end, so that the work is spread over all object servers.
      const opposite = requests[requests.length - 1 - index] as Headers;
      addQueueUpdate(opposite, queue, queue.nodes[update % queue.nodes.length] as RingNode);
    }
  }
  for (const [index, headers] of requests.entries()) {
    headers.setDefault('x-backend-clean-expiring-object-queue', index < QUEUE_CLEANERS ? 't' : 'f');
  }
}

function addContainerUpdate(headers: Headers, container: ContainerTarget, node: RingNode): void {
  headers.set('x-container-partition', container.partition);
  headers.append('x-container-host', addressOf(node, headers));
  headers.append('x-container-device', node.device);
  headers.set('x-container-root-db-state', container.rootDbState);
  if (container.quotedPath !== undefined) headers.set('x-backend-quoted-container-path', container.quotedPath);
}

function addQueueUpdate(headers: Headers, queue: QueueTarget, node: RingNode): void {
  headers.set('x-delete-at-container', queue.container);
  headers.set('x-delete-at-partition', queue.partition);
  headers.append('x-delete-at-host', addressOf(node, headers));
  headers.append('x-delete-at-device', node.device);
}

function addressOf(node: RingNode, headers: Headers): string {
  return headers.get('x-backend-use-replication-network')?.toLowerCase() === 'true'
    ? `${node.replication_ip}:${node.replication_port}`
    : `${node.ip}:${node.port}`;
}
