/**
 * What the parent of a server's workers does for all of them, over the channel that forking made: it holds the in-memory cache, and passes on
 * which keys of a cache, this or another, one of them deleted.
 */

import type { ChildProcess } from 'node:child_process';
import type { ServiceKey } from '../common/host.ts';
import { CacheConnectionError } from '../http/cache-error.ts';
import type { Cache } from '../http/env.ts';
import { CACHE_PEERS, type CachePeers } from '../http/local-cache.ts';
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

/** From a worker: tell the others, and tell me from now on. From the parent: another worker deleted it. */
type PeerMessage = { type: 'cache-listen' } | { type: 'cache-deleted'; key: string };

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

/** The parent's side: answers the workers' calls, and passes on what they tell each other. */
export function answerCacheCalls(cache: Cache = new MemoryCache()): (worker: ChildProcess, message: unknown) => void {
  const listeners = new Set<ChildProcess>();
  return (worker, message) => {
    const request = message as CacheRequest | PeerMessage;
    switch (request.type) {
      case 'cache':
        answerCall(cache, worker, request);
        return;
      case 'cache-listen':
        listeners.add(worker);
        worker.once('exit', () => listeners.delete(worker));
        return;
      case 'cache-deleted':
        for (const other of listeners) if (other !== worker) send(other, request);
    }
  };
}

function answerCall(cache: Cache, worker: ChildProcess, { id, call }: CacheRequest): void {
  run(cache, call).then(
    (value) => send(worker, { type: 'cache-reply', id, value }),
    () => undefined, // a cache in memory does not fail; a lost call is a miss after the time-out
  );
}

function send(worker: ChildProcess, message: CacheReply | PeerMessage): void {
  if (worker.connected) worker.send(message, () => undefined);
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

/** A worker's way to the others, through their parent. */
class ParentPeers implements CachePeers {
  tell(key: string): void {
    this.#send({ type: 'cache-deleted', key });
  }

  onTold(listener: (key: string) => void): void {
    process.on('message', (message: PeerMessage) => {
      if (message.type === 'cache-deleted') listener(message.key);
    });
    this.#send({ type: 'cache-listen' });
  }

  #send(message: PeerMessage): void {
    if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
  }
}

/** Services of a worker: the cache that its parent holds, and the way to the other workers. */
export function parentServices(): [ServiceKey<unknown>, unknown][] {
  if (process.send === undefined) return [];
  return [
    [SHARED_CACHE, new ParentCache()],
    [CACHE_PEERS, new ParentPeers()],
  ];
}
