/** How a server reaches a storage node: over a socket, or by a call into the same process. One interface, one contract suite. */

import type { ServiceKey } from '../common/host.ts';
import type { BodyStream } from '../http/body.ts';
import type { BodyDigest } from '../http/body-digest.ts';
import type { Headers } from '../http/headers.ts';

export interface BackendRequest {
  /** Address of the node's server. */
  ip: string;
  port: number;
  method: string;
  /** Percent-encoded path with its query, for example `/sdb1/14/AUTH_test/c/o`. */
  target: string;
  headers: Headers;
  /** How the body will come: none, a number of bytes (sent as Content-Length), or chunked. */
  body: 'none' | 'chunked' | number;
  /** MD5 of the object in the body, kept by the caller before it writes: servers of this process need not make their own. */
  digest?: BodyDigest | undefined;
  connectTimeoutMs: number;
  /** Ends the exchange when aborted. */
  signal?: AbortSignal | undefined;
}

export interface BackendHead {
  /** 100 for an interim answer. */
  status: number;
  reason: string;
  headers: Headers;
}

/**
 * One request to one node, in progress. Whoever opened it reads the body of the final answer to its end or calls `close`.
 * Every method throws (or rejects with) BackendError once the node is lost.
 */
export interface BackendExchange {
  /** The next head: `100 Continue` as often as the node sends it, then the final one. Throws BackendError 'timeout' after `timeoutMs`. */
  head(timeoutMs: number): Promise<BackendHead>;
  /** Sends body bytes. A promise when the node does not keep up: wait for it (it rejects with 'timeout' after `timeoutMs`) before the next. */
  write(chunk: Uint8Array, timeoutMs: number): void | Promise<void>;
  /** True when nothing refers to the memory of what was written any more; a transport that never can tell has none. */
  readonly flushed?: boolean;
  /** Ends the body; with a chunked body, ends this stream of chunks (`write` may begin another, as two-phase commit needs). */
  end(): void;
  /** Body of the final answer; `timeoutMs` bounds each read. Call once, after the final head. */
  body(timeoutMs: number): BodyStream;
  /** Gives up: closes the connection unless the answer was read to its end. Safe to call more than once. */
  close(): void;
}

export type BackendFault = 'connect-timeout' | 'connect' | 'timeout' | 'lost' | 'protocol' | 'aborted';

/** A node that could not be reached, did not answer in time, or broke off. */
export class BackendError extends Error {
  readonly fault: BackendFault;

  constructor(fault: BackendFault, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'BackendError';
    this.fault = fault;
  }
}

export interface BackendTransport {
  /** Connects and sends the head; the body is written by the caller. */
  open(request: BackendRequest): Promise<BackendExchange>;
  /** Closes idle connections. */
  close(): void | Promise<void>;
}

/** The transport of this process, when the composition root has one; else servers open sockets of their own. */
export const BACKEND_TRANSPORT: ServiceKey<BackendTransport> = { name: 'backend-transport' };
