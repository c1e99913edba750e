/** The queue container that the expirer finds an object in. Source: spec swift-formats 3.9. */

import { type HashPathConfig, hashPath } from './hash-path.ts';
import { normalizeDeleteAt } from './timestamp.ts';

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
  { account, container, object }: ObjectName,
): string {
  const shard = Number(BigInt(`0x${hashPath(hashConfig, account, container, object)}`) % 100n);
  return normalizeDeleteAt(Math.floor(deleteAtSec / divisorSec) * divisorSec - shard);
}
