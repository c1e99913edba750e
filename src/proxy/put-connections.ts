/** The connections of one object PUT: opened to every replica at once, each going on to the next node when its node fails. */

import type { BackendExchange, BackendHead } from '../backend/transport.ts';
import type { RingNode } from '../common/host.ts';
import { isTrueValue } from '../common/text.ts';
import type { BodyDigest } from '../http/body-digest.ts';
import type { Headers } from '../http/headers.ts';
import type { SwiftRequest } from '../http/request.ts';
import { mimeOpening, newBoundary, setMimeHeaders } from './mime-put.ts';
import type { NodeIteration } from './node-iteration.ts';
import { openToNode } from './node-request.ts';
import type { ProxyContext } from './proxy-context.ts';

export interface PutTarget {
  readonly partition: number;
  /** `/account/container/object`, native text. */
  readonly path: string;
  /** Shared by all connections, so that no node is asked twice. */
  readonly nodes: NodeIteration;
  /** Metadata follows the data: the body is a MIME message. */
  readonly withFooters: boolean;
  /** Of the data; nodes of this process take it. */
  readonly digest: BodyDigest;
}

/** A node that said `100 Continue`, or gave its final answer instead. */
export interface PutConnection {
  readonly node: RingNode;
  readonly exchange: BackendExchange;
  /** The final answer that came instead of 100. Nothing is sent to such a node. */
  readonly final: BackendHead | undefined;
  /** Of the MIME message, when the PUT has footers. */
  readonly boundary: string | undefined;
  failed: boolean;
}

/** One connection for each of `requests`, which are changed; fewer when the nodes run out. Never rejects. */
export async function connectAll(
  context: ProxyContext,
  req: SwiftRequest,
  target: PutTarget,
  requests: readonly Headers[],
): Promise<PutConnection[]> {
  const slots = await Promise.all(requests.map((headers) => connectSlot(context, req, target, headers)));
  return slots.filter((connection) => connection !== undefined);
}

async function connectSlot(
  context: ProxyContext,
  req: SwiftRequest,
  target: PutTarget,
  headers: Headers,
): Promise<PutConnection | undefined> {
  const boundary = target.withFooters ? newBoundary() : undefined;
  prepareForBody(headers, boundary);
  for (let node = target.nodes.next(); node !== undefined; node = target.nodes.next()) {
    const connection = await connectNode(context, req, target, headers, boundary, node);
    if (connection !== undefined) return connection;
  }
  return undefined;
}

/** Undefined when the node failed; that is counted and logged here. */
async function connectNode(
  context: ProxyContext,
  req: SwiftRequest,
  target: PutTarget,
  headers: Headers,
  boundary: string | undefined,
  node: RingNode,
): Promise<PutConnection | undefined> {
  const doing = `Expect: 100-continue on ${target.path}`;
  let exchange: BackendExchange | undefined;
  try {
    exchange = await openToNode(context, {
      node,
      partition: target.partition,
      method: 'PUT',
      path: target.path,
      headers,
      body: headers.has('transfer-encoding') ? 'chunked' : Number(headers.get('content-length')),
      digest: target.digest,
    });
    const head = await exchange.head(context.conf.nodeTimeoutMs);
    if (head.status >= 500) {
      exchange.close();
      context.nodeAnsweredError(node, 'Object', head.status, doing, req.log);
      return undefined;
    }
    if (head.status === 100 && boundary !== undefined && !isTrueValue(head.headers.get('x-obj-metadata-footer'))) {
      throw new Error('the node does not take footers');
    }
    return { node, exchange, final: head.status >= 200 ? head : undefined, boundary, failed: false };
  } catch (error) {
    exchange?.close();
    context.nodeFailed(node, 'Object', doing, error, req.log);
    return undefined;
  }
}

/** Says how the body comes. One of no bytes comes chunked, since without a body there is nothing to expect 100 for. */
function prepareForBody(headers: Headers, boundary: string | undefined): void {
  if (headers.has('transfer-encoding') || Number(headers.get('content-length')) === 0) {
    headers.set('transfer-encoding', 'chunked').delete('content-length');
  }
  headers.set('expect', '100-continue');
  if (boundary !== undefined) setMimeHeaders(headers, boundary);
}

/** What is sent before the first byte of data, if anything. */
export function openingOf(connection: PutConnection): Uint8Array | undefined {
  return connection.boundary === undefined ? undefined : mimeOpening(connection.boundary);
}
