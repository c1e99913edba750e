/** Which server holds a key: the choice of Swift's proxies, so that all of a cluster find each other's values. Spec swift-formats 8.4. */

import { hash } from 'node:crypto';
import { bytesFromNative } from '../../middleware-api.ts';

const POINTS_PER_SERVER = 50;

/** MD5 of a logical key in hex: its name on the wire and its place on the ring. */
export function hashKey(key: string): string {
  return hash('md5', key.isWellFormed() ? key : bytesFromNative(key), 'hex');
}

export class ServerRing<Server extends { readonly name: string }> {
  /** Sorted hashes. */
  readonly #points: string[];
  /** For each point, all servers in the order in which they are asked. */
  readonly #orders: (readonly Server[])[];

  constructor(servers: readonly Server[]) {
    const owners = new Map<string, Server>();
    for (const server of servers) {
      for (let point = 0; point < POINTS_PER_SERVER; point++) owners.set(hashKey(`${server.name}-${point}`), server);
    }
    this.#points = [...owners.keys()].sort();
    const around = this.#points.map((point) => owners.get(point) as Server);
    this.#orders = around.map((_, at) => [...new Set([...around.slice(at), ...around.slice(0, at)])]);
  }

  /** Every server once, the key's own first. */
  serversFor(keyHash: string): readonly Server[] {
    // One beyond the next point: a quirk of Swift's that decides where values are.
    return this.#orders[(this.#pointsUpTo(keyHash) + 1) % this.#points.length] ?? [];
  }

  /** Number of points that are not greater than the hash. */
  #pointsUpTo(keyHash: string): number {
    let low = 0;
    let high = this.#points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#points[middle] as string) <= keyHash) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
