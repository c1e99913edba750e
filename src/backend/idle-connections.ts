/** Connections to storage nodes that nobody uses, by address; the last used is the first to be used again. */

import type { ClientConnection } from '../http/client.ts';

interface IdleConnection {
  readonly connection: ClientConnection;
  readonly untilMs: number;
}

export class IdleConnections {
  readonly #timeoutMs: number;
  readonly #maxPerAddress: number;
  /** Oldest first. */
  readonly #lists = new Map<string, IdleConnection[]>();
  /** Closes what has idled too long: one timer for all, since most connections are used again long before. */
  #sweeper: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(timeoutMs: number, maxPerAddress: number) {
    this.#timeoutMs = timeoutMs;
    this.#maxPerAddress = maxPerAddress;
  }

  get count(): number {
    let count = 0;
    for (const list of this.#lists.values()) count += list.length;
    return count;
  }

  /** Keeps a connection whose answer was read to its end, or closes it. */
  keep(address: string, connection: ClientConnection): void {
    let list = this.#lists.get(address);
    if (this.#closed || !isUsable(connection) || (list?.length ?? 0) >= this.#maxPerAddress) {
      connection.out.destroy();
      return;
    }
    if (list === undefined) this.#lists.set(address, (list = []));
    list.push({ connection, untilMs: performance.now() + this.#timeoutMs });
    connection.out.onGone = connection.out.onEnd = () => {
      this.#lose(address, connection);
    };
    connection.socket.unref();
    this.#sweeper ??= this.#sweepIn(this.#timeoutMs);
  }

  take(address: string): ClientConnection | undefined {
    const list = this.#lists.get(address);
    for (let idle = list?.pop(); idle !== undefined; idle = list?.pop()) {
      const { connection } = idle;
      connection.out.onGone = connection.out.onEnd = null;
      if (isUsable(connection)) {
        connection.socket.ref();
        return connection;
      }
      connection.out.destroy();
    }
    return undefined;
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#sweeper);
    for (const list of this.#lists.values()) for (const idle of list.splice(0)) discard(idle);
  }

  #lose(address: string, connection: ClientConnection): void {
    const list = this.#lists.get(address) ?? [];
    const at = list.findIndex((idle) => idle.connection === connection);
    if (at >= 0) for (const idle of list.splice(at, 1)) discard(idle);
  }

  #sweepIn(delayMs: number): NodeJS.Timeout {
    return setTimeout(() => {
      this.#sweep();
    }, delayMs).unref();
  }

  #sweep(): void {
    const now = performance.now();
    let next = Infinity;
    for (const [address, list] of this.#lists) {
      const kept = list.findIndex(({ untilMs }) => untilMs > now);
      for (const idle of list.splice(0, kept < 0 ? list.length : kept)) discard(idle);
      const [oldest] = list;
      if (oldest === undefined) this.#lists.delete(address);
      else next = Math.min(next, oldest.untilMs);
    }
    this.#sweeper = next === Infinity ? undefined : this.#sweepIn(Math.ceil(next - now));
  }
}

/** False for a connection that the server closed, or on which it spoke unasked. */
function isUsable({ out }: ClientConnection): boolean {
  return !out.gone && !out.input.ended && out.input.length === 0;
}

function discard({ connection }: IdleConnection): void {
  connection.out.onGone = connection.out.onEnd = null;
  connection.out.destroy();
}
