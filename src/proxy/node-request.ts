/** One request to one storage node. */

import type { BackendExchange, BackendHead } from '../backend/transport.ts';
import type { RingNode } from '../common/host.ts';
import { quote } from '../common/text.ts';
import { readAll } from '../http/body.ts';
import type { BodyDigest } from '../http/body-digest.ts';
import { Headers } from '../http/headers.ts';
import type { NodeAnswer } from './best-response.ts';
import type { ProxyContext } from './proxy-context.ts';

export interface NodeRequest {
  node: RingNode;
  partition: number;
  method: string;
  /** `/account[/container[/object]]`, native text. */
  path: string;
  /** Without `?`; wire text. */
  queryString?: string | undefined;
  headers: Headers;
  body: 'none' | 'chunked' | number;
  digest?: BodyDigest | undefined;
  signal?: AbortSignal | undefined;
}

/** Target of a request to a node: `/device/partition/account/...`. */
function nodeTarget(request: NodeRequest): string {
  const path = `/${quote(request.node.device)}/${request.partition}${quote(request.path)}`;
  return request.queryString === undefined || request.queryString === '' ? path : `${path}?${request.queryString}`;
}

/** Connects to the node and sends the head. Rejects with BackendError. */
export function openToNode(context: ProxyContext, request: NodeRequest): Promise<BackendExchange> {
  const { node } = request;
  const replication = request.headers.get('x-backend-use-replication-network')?.toLowerCase() === 'true';
  const ip = replication ? node.replication_ip : node.ip;
  const port = replication ? node.replication_port : node.port;
  // Reads carry the client's Host along with its other headers; what several nodes share stays as it is.
  const headers = request.headers.has('host')
    ? request.headers
    : new Headers(request.headers).set('host', `${ip}:${port}`);
  return context.transport.open({
    ip,
    port,
    method: request.method,
    target: nodeTarget(request),
    headers,
    body: request.body,
    digest: request.digest,
    connectTimeoutMs: context.conf.connectTimeoutMs,
    signal: request.signal,
  });
}

/** The final head: passes over `100 Continue`. */
export async function finalHead(exchange: BackendExchange, timeoutMs: number): Promise<BackendHead> {
  for (;;) {
    const head = await exchange.head(timeoutMs);
    if (head.status >= 200) return head;
  }
}

/** Sends a request, with a body that is all at hand, and reads the whole answer. Rejects with BackendError. */
export async function askNode(
  context: ProxyContext,
  request: Omit<NodeRequest, 'body'>,
  body?: Uint8Array,
): Promise<NodeAnswer> {
  const { nodeTimeoutMs } = context.conf;
  const exchange = await openToNode(context, { ...request, body: body === undefined ? 'none' : body.length });
  try {
    if (body !== undefined) {
      if (body.length > 0) await exchange.write(body, nodeTimeoutMs);
      exchange.end();
    }
    const head = await finalHead(exchange, nodeTimeoutMs);
    const answer = await readAll(exchange.body(nodeTimeoutMs));
    return { status: head.status, reason: head.reason, headers: head.headers, body: answer };
  } finally {
    exchange.close();
  }
}
