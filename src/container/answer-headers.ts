/** Headers of the answers to GET and HEAD of a container. */

import { Timestamp } from '../common/timestamp.ts';
import { Headers } from '../http/headers.ts';
import type { ContainerInfo } from './container-store.ts';

const ZERO = Timestamp.ZERO.internal;

/** What is told even of a container that is deleted or was never there. */
export function backendHeaders(info: ContainerInfo | null): Headers {
  return new Headers({
    'x-backend-timestamp': info === null ? ZERO : Timestamp.parse(info.created_at).internal,
    'x-backend-put-timestamp': info === null ? ZERO : Timestamp.parse(info.put_timestamp).internal,
    'x-backend-delete-timestamp': info === null ? ZERO : Timestamp.parse(info.delete_timestamp).internal,
    'x-backend-status-changed-at': info === null ? ZERO : Timestamp.parse(info.status_changed_at).internal,
    'x-backend-storage-policy-index': info === null ? 0 : info.storage_policy_index,
  });
}

/** What is told of a container that is there; metadata is added apart. */
export function containerHeaders(info: ContainerInfo): Headers {
  const put = Timestamp.parse(info.put_timestamp);
  return backendHeaders(info)
    .set('x-container-object-count', info.object_count)
    .set('x-container-bytes-used', info.bytes_used)
    .set('x-timestamp', Timestamp.parse(info.created_at).normal)
    .set('x-put-timestamp', put.normal)
    .set('x-backend-sharding-state', info.db_state)
    .set('last-modified', put.httpDate);
}
