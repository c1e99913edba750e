/** GET and HEAD of accounts and containers: the answer of a good node, or the best of the bad ones. */

import { type BodyStream, iterateBody } from '../http/body.ts';
import { type HeaderInit, Headers } from '../http/headers.ts';
import type { SwiftRequest } from '../http/request.ts';
import { SwiftResponse } from '../http/response.ts';
import { backendHeaders, type ServerType } from './backend-headers.ts';
import { bestResponse, copyBackendHeaders } from './best-response.ts';
import { unavailable } from './primed-body.ts';
import type { ProxyContext } from './proxy-context.ts';
import { NodeReader, type ReadSource } from './read-node.ts';

export interface ResourceReadRequest {
  serverType: ServerType;
  account: string;
  container?: string | undefined;
  /** Set over the client's headers, all of which go along. */
  headers?: HeaderInit | undefined;
  queryString: string;
}

/** Never throws for what nodes do: without a good answer it is the best of the others, or 503. */
export async function readResource(
  context: ProxyContext,
  req: SwiftRequest,
  request: ResourceReadRequest,
): Promise<SwiftResponse> {
  const { serverType, account, container } = request;
  const ring = context.ring(container === undefined ? 'account' : 'container');
  const partition = ring.partitionOf(account, container);
  const reader = new NodeReader(context, req, {
    serverType,
    nodes: context.nodes(ring, partition, req.log),
    partition,
    path: container === undefined ? `/${account}` : `/${account}/${container}`,
    queryString: request.queryString,
    headers: readHeaders(context, req, request.headers),
    policy: context.conf,
    timeoutMs: context.conf.nodeTimeoutMs,
    bodyTimeoutMs: context.conf.nodeTimeoutMs,
    concurrency: ring.replicaCount,
  });
  const source = await reader.find();
  return source === undefined ? bestResponse(reader.answers) : sourceResponse(source);
}

/** All of the client's headers; but a body that it may have sent stays here. */
function readHeaders(context: ProxyContext, req: SwiftRequest, over: HeaderInit | undefined): Headers {
  const all = new Headers(req.headers);
  if (over !== undefined) all.update(over);
  all.delete('content-length');
  all.delete('transfer-encoding');
  all.delete('expect');
  return backendHeaders(context, req, { additional: all });
}

/** A node's good answer as the client gets it; its body is read from the node as the client takes it. */
function sourceResponse(source: ReadSource): SwiftResponse {
  const { status, reason, headers: from } = source.head;
  const headers = new Headers();
  copyBackendHeaders(headers, from);
  headers.set('accept-ranges', 'bytes');
  const contentType = from.get('content-type');
  if (contentType !== undefined) headers.set('content-type', contentType);
  const length = from.get('content-length');
  if (length !== undefined) headers.set('content-length', length);
  return new SwiftResponse(status, headers, new SourceBody(source), reason);
}

/** Body of a source that ends the exchange with itself. One that breaks is 503 while there is room for another answer. */
class SourceBody implements BodyStream {
  readonly #source: ReadSource;

  constructor(source: ReadSource) {
    this.#source = source;
  }

  read(): Uint8Array | null | Promise<Uint8Array | null> {
    let next: Uint8Array | null | Promise<Uint8Array | null>;
    try {
      next = this.#source.body.read();
    } catch (error) {
      throw unavailable(error);
    }
    return next instanceof Promise ? next.catch(rethrown) : next;
  }

  async close(): Promise<void> {
    await this.#source.body.close();
    this.#source.exchange.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }
}

function rethrown(cause: unknown): never {
  throw unavailable(cause);
}
