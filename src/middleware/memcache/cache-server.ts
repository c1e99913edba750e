/** What the ring of servers asks of each of them, whatever they speak. */

/** One server, or one cluster that stands for itself. Keys are the hashes of the logical keys, values JSON text. */
export interface CacheServer {
  /** As configured; its place on the ring follows from it. */
  readonly name: string;
  /** The text stored and what it is: JSON, or the decimal digits of a counter. */
  get(key: string): Promise<string | undefined>;
  set(key: string, json: string, ttlSeconds: number): Promise<void>;
  increment(key: string, delta: number, ttlSeconds: number): Promise<number>;
  delete(key: string): Promise<void>;
  close(): void;
}

/** The server could not be reached, broke off or was silent for too long: the next one may be asked. */
export class ServerFailure extends Error {
  override readonly name = 'ServerFailure';
}

/** The server answered that it cannot do this: asking another would not help. */
export class ServerRefusal extends Error {
  override readonly name = 'ServerRefusal';
}

/** Told of each connection that failed, once, however many requests were waiting on it. */
export type FailureListener = (doing: string, reason: string) => void;
