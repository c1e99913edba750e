/** A worker that does with the cache of its parent what the parent tells it to. */

import { parentServices } from '../../src/cli/parent-services.ts';
import { CACHE_PEERS, type CachePeers, LocalCache } from '../../src/http/local-cache.ts';
import { SHARED_CACHE } from '../../src/http/memory-cache.ts';
import type { Cache } from '../../src/middleware-api.ts';

export interface Order {
  type: 'order';
  id: number;
  method: 'get' | 'set' | 'increment' | 'delete';
  args: unknown[];
}

export interface Done {
  type: 'done';
  id: number;
  value: unknown;
}

const services = new Map(parentServices());
const shared = services.get(SHARED_CACHE) as Cache;
const peers = services.get(CACHE_PEERS) as CachePeers;
const cache = process.argv[2] === 'remembers' ? new LocalCache(shared, { seconds: 3600, peers }) : shared;

process.on('message', (order: Order) => {
  if (order.type !== 'order') return;
  const method = cache[order.method].bind(cache) as (...args: unknown[]) => Promise<unknown>;
  void method(...order.args).then((value) => {
    const done: Done = { type: 'done', id: order.id, value };
    process.send?.(done);
  });
});
