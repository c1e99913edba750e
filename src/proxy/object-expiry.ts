/** The queue container that the expirer finds an object in. Source: spec swift-formats 3.9. */

import { type HashPathConfig, hashPath } from '../common/hash-path.ts';
import { normalizeDeleteAt } from '../common/timestamp.ts';

/** Names of one object, native text. */
export interface ObjectName {
  readonly account: string;
  readonly container: string;
  readonly object: string;
}

/**
 * Name of the queue container for an object that expires at `deleteAtSec`. `divisorSec`: the span of time that shares containers, of
 * which there are a hundred, chosen by the object's hash.
 */
export function expirerContainer(
  hashConfig: HashPathConfig,
  deleteAtSec: number,
  divisorSec: number,
  name: ObjectName,
): string {
  const hash = hashPath(hashConfig, name.account, name.container, name.object);
  const shard = Number(BigInt(`0x${hash}`) % 100n);
  return normalizeDeleteAt(Math.floor(deleteAtSec / divisorSec) * divisorSec - shard);
}
