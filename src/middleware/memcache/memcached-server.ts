/** A memcached, spoken to as Swift's proxies do: JSON under flag 2, counters as plain digits. Spec swift-formats 8.4. */

import { connect, type Socket } from 'node:net';
import { connect as connectTls, type ConnectionOptions } from 'node:tls';
import { type CacheServer, type FailureListener, ServerFailure, ServerRefusal } from './cache-server.ts';
import { expiryTime, MemcachedConnection, type Reply } from './memcached-connection.ts';

export interface MemcachedOptions {
  /** As configured: `host:port`. */
  name: string;
  host: string;
  port: number;
  tls: ConnectionOptions | undefined;
  connectTimeoutMs: number;
  ioTimeoutMs: number;
  maxConnections: number;
  now: () => number;
  failed: FailureListener;
}

const JSON_FLAG = 2;
/** Requests on the way over one connection before another is opened. */
const BUSY_REQUESTS = 32;
const COUNTER = /^\d+ *$/;

export class MemcachedServer implements CacheServer {
  readonly name: string;
  readonly #options: MemcachedOptions;
  #connections: MemcachedConnection[] = [];
  #connecting: Promise<MemcachedConnection> | undefined;
  #closed = false;

  constructor(options: MemcachedOptions) {
    this.name = options.name;
    this.#options = options;
  }

  async get(key: string): Promise<string | undefined> {
    const { flags, data, line } = await this.#request(`get ${key}\r\n`);
    if (line !== 'END') throw this.#refusal('get', line);
    if (data === undefined) return undefined;
    // Flag 1 is a Python pickle of long ago, and text without a flag is a counter or nobody's.
    return flags === JSON_FLAG || (flags === 0 && COUNTER.test(data)) ? data : undefined;
  }

  async set(key: string, json: string, ttlSeconds: number): Promise<void> {
    const { line } = await this.#request(this.#storeCommand('set', key, JSON_FLAG, ttlSeconds, json));
    if (line !== 'STORED') throw this.#refusal('set', line);
  }

  async increment(key: string, delta: number, ttlSeconds: number): Promise<number> {
    const change = `${delta < 0 ? 'decr' : 'incr'} ${key} ${Math.abs(delta)}\r\n`;
    const changed = await this.#request(change);
    if (changed.line !== 'NOT_FOUND') return this.#counter(changed);
    const first = Math.max(0, delta);
    const { line } = await this.#request(this.#storeCommand('add', key, 0, ttlSeconds, String(first)));
    if (line === 'STORED') return first;
    // Another proxy was faster.
    return this.#counter(await this.#request(change));
  }

  async delete(key: string): Promise<void> {
    const { line } = await this.#request(`delete ${key}\r\n`);
    if (line !== 'DELETED' && line !== 'NOT_FOUND') throw this.#refusal('delete', line);
  }

  close(): void {
    this.#closed = true;
    for (const connection of this.#connections) connection.close();
    this.#connections = [];
  }

  #storeCommand(verb: string, key: string, flags: number, ttlSeconds: number, text: string): string {
    const expires = expiryTime(ttlSeconds, this.#options.now());
    return `${verb} ${key} ${flags} ${expires} ${Buffer.byteLength(text)}\r\n${text}\r\n`;
  }

  #counter({ line }: Reply): number {
    if (!COUNTER.test(line)) throw this.#refusal('incr', line);
    return Number(line);
  }

  #refusal(command: string, line: string): ServerRefusal {
    return new ServerRefusal(`memcached ${this.name} answered ${command} with ${JSON.stringify(line.slice(0, 200))}`);
  }

  async #request(command: string): Promise<Reply> {
    const connection = this.#idlest() ?? (await this.#open());
    try {
      return await connection.request(command);
    } catch (cause) {
      throw new ServerFailure((cause as Error).message, { cause });
    }
  }

  /** The connection with the fewest requests on the way; undefined when one more had better be opened. */
  #idlest(): MemcachedConnection | undefined {
    let best: MemcachedConnection | undefined;
    for (const connection of this.#connections) {
      if (best === undefined || connection.pendingCount < best.pendingCount) best = connection;
    }
    if (best === undefined || best.pendingCount < BUSY_REQUESTS) return best;
    if (this.#connections.length >= this.#options.maxConnections) return best;
    // Opened for those that come; this request need not wait for it.
    this.#open().catch(() => undefined);
    return best;
  }

  #open(): Promise<MemcachedConnection> {
    return (this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    }));
  }

  async #connect(): Promise<MemcachedConnection> {
    if (this.#closed) throw new ServerFailure('closed');
    let socket: Socket;
    try {
      socket = await this.#connectSocket();
    } catch (cause) {
      if (!this.#closed) this.#options.failed('connecting', (cause as Error).message);
      throw new ServerFailure((cause as Error).message, { cause });
    }
    const connection = new MemcachedConnection(socket, this.#options.ioTimeoutMs, (lost, error) => {
      this.#connections = this.#connections.filter((each) => each !== lost);
      this.#options.failed('talking', error.message);
    });
    if (this.#closed) connection.close();
    else this.#connections.push(connection);
    return connection;
  }

  #connectSocket(): Promise<Socket> {
    const { host, port, tls, connectTimeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      const socket = tls === undefined ? connect({ host, port }) : connectTls({ ...tls, host, port });
      const fail = (error: Error): void => {
        clearTimeout(timer);
        socket.destroy();
        reject(error);
      };
      const late = (): void => fail(new Error(`no connection within ${connectTimeoutMs / 1000} s`));
      const timer = setTimeout(late, connectTimeoutMs);
      socket.on('error', fail);
      socket.once(tls === undefined ? 'connect' : 'secureConnect', () => {
        clearTimeout(timer);
        socket.off('error', fail);
        socket.setNoDelay(true);
        resolve(socket);
      });
    });
  }
}
