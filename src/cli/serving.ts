/** One serving process, with Swift's ways to begin and to end. */

import { flushCompileCache } from 'node:module';
import type { HttpServer } from '../http/server.ts';

/** How a process ends: within a bounded moment, or once the last client is served. */
export type EndKind = 'stop' | 'drain';

/** Requests in flight get this long once the process was told to stop. */
const STOP_GRACE_MS = 5_000;
/** A drain waits as long as Swift's does: until the last client is served. */
const DRAIN_GRACE_MS = 24 * 3600 * 1000;
/**
 * How long a drain keeps a connection that idles. Its client may be sending the next request just now, and would see it lost; the
 * request is served, with word that the connection ends.
 */
const DRAIN_IDLE_MS = 5_000;

/**
 * Writes down what was compiled while starting, for later starts; Node itself does so only when a process ends well. Once done, it costs a
 * later start nothing.
 */
export function keepCompiledCode(): void {
  setImmediate(flushCompileCache);
}

/** Ends a server that serves, and what is behind it. Told to stop while it drains, it stops. */
export class Ending {
  readonly #server: HttpServer;
  readonly #pipeline: { close(): Promise<void> };
  #done: Promise<void> | undefined;

  constructor(server: HttpServer, pipeline: { close(): Promise<void> }) {
    this.#server = server;
    this.#pipeline = pipeline;
  }

  /** Resolves once the last connection is closed and the pipeline is down. */
  end(how: EndKind): Promise<void> {
    const drained =
      how === 'stop' ? this.#server.drain(STOP_GRACE_MS) : this.#server.drain(DRAIN_GRACE_MS, DRAIN_IDLE_MS);
    this.#done ??= drained.then(() => this.#pipeline.close());
    return this.#done;
  }
}
