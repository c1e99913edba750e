/** What the parent of a server's workers holds for all of them: the in-memory cache, reached over the channel that forking made. */

import type { ChildProcess } from 'node:child_process';
import type { ServiceKey } from '../common/host.ts';
import { CacheConnectionError } from '../http/cache-error.ts';
import type { Cache } from '../http/env.ts';
import { MemoryCache, SHARED_CACHE } from '../http/memory-cache.ts';

type CacheCall =
  | { op: 'get' | 'delete'; key: string }
  | { op: 'set'; key: string; value: unknown; ttlSeconds: number }
  | { op: 'increment'; key: string; delta: number; ttlSeconds: number };

interface CacheRequest {
  type: 'cache';
  id: number;
  call: CacheCall;
}

interface CacheReply {
  type: 'cache-reply';
  id: number;
  value: unknown;
}

function run(cache: Cache, call: CacheCall): Promise<unknown> {
  switch (call.op) {
    case 'get':
      return cache.get(call.key);
    case 'delete':
      return cache.delete(call.key);
    case 'set':
      return cache.set(call.key, call.value, call.ttlSeconds);
    case 'increment':
      return cache.increment(call.key, call.delta, call.ttlSeconds);
  }
}

/** The parent's side: answers the workers' calls. */
export function answerCacheCalls(cache: Cache = new MemoryCache()): (worker: ChildProcess, message: unknown) => void {
  return (worker, message) => {
    const request = message as CacheRequest;
    if (request.type !== 'cache') return;
    run(cache, request.call).then(
      (value) => {
        const reply: CacheReply = { type: 'cache-reply', id: request.id, value };
        if (worker.connected) worker.send(reply, () => undefined);
      },
      () => undefined, // a cache in memory does not fail; a lost call is a miss after the time-out
    );
  };
}

const REPLY_TIMEOUT_MS = 1000;

/** A worker's side. A parent that does not answer is a cache that is empty. */
class ParentCache implements Cache {
  #nextId = 0;
  #waiting = new Map<number, (value: unknown) => void>();

  constructor() {
    process.on('message', (message: CacheReply) => {
      if (message.type !== 'cache-reply') return;
      this.#waiting.get(message.id)?.(message.value);
    });
  }

  get(key: string): Promise<unknown> {
    return this.#call({ op: 'get', key });
  }

  async set(key: string, value: unknown, ttlSeconds: number): Promise<void> {
    await this.#call({ op: 'set', key, value, ttlSeconds });
  }

  async increment(key: string, delta: number, ttlSeconds: number): Promise<number> {
    const value = await this.#call({ op: 'increment', key, delta, ttlSeconds });
    if (typeof value !== 'number') throw new CacheConnectionError('the parent does not answer');
    return value;
  }

  async delete(key: string): Promise<void> {
    await this.#call({ op: 'delete', key });
  }

  #call(call: CacheCall): Promise<unknown> {
    const id = this.#nextId++;
    return new Promise((resolve) => {
      const finish = (value: unknown): void => {
        clearTimeout(timer);
        this.#waiting.delete(id);
        resolve(value);
      };
      const timer = setTimeout(() => finish(undefined), REPLY_TIMEOUT_MS);
      this.#waiting.set(id, finish);
      const request: CacheRequest = { type: 'cache', id, call };
      if (process.connected)
        process.send?.(request, undefined, undefined, (error) => error !== null && finish(undefined));
      else finish(undefined);
    });
  }
}

/** Services of a worker: the cache that its parent holds. */
export function parentServices(): [ServiceKey<unknown>, unknown][] {
  return process.send === undefined ? [] : [[SHARED_CACHE, new ParentCache()]];
}
