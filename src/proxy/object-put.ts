/** Stores an object of a replication policy: connect, stream, collect. Source: spec swift-formats 6.5. */

import { quorumSize } from '../common/storage-policy.ts';
import type { Timestamp } from '../common/timestamp.ts';
import { bodyStream, forEachChunk, readAll } from '../http/body.ts';
import { ChunkReadError, ClientDisconnect } from '../http/errors.ts';
import { Headers } from '../http/headers.ts';
import type { SwiftRequest } from '../http/request.ts';
import { errorResponse, HttpError, type SwiftResponse } from '../http/response.ts';
import { bestResponse, type NodeAnswer } from './best-response.ts';
import { collectAnswers } from './final-answers.ts';
import { finalHead } from './node-request.ts';
import type { ProxyContext } from './proxy-context.ts';
import { connectAll, type PutConnection, type PutTarget } from './put-connections.ts';
import { PutFanout } from './put-fanout.ts';

/** Most of an error page that is kept; the rest of it ends with the connection. */
const MAX_ERROR_BODY_BYTES = 65536;

/**
 * Sends the body of `req` to one node for each of `requests` (headers, one set for each replica) and answers for them all. A client
 * that breaks off, or a quorum lost, leaves nothing: the connections are closed before their bodies end.
 */
export async function storeReplicated(
  context: ProxyContext,
  req: SwiftRequest,
  target: PutTarget,
  requests: readonly Headers[],
  timestamp: Timestamp,
): Promise<SwiftResponse> {
  const quorum = quorumSize(requests.length);
  const connections = await connectAll(context, req, target, requests);
  try {
    const refusal = refusalOf(req, connections, quorum);
    if (refusal !== undefined) return refusal;
    const open = connections.some(({ final }) => final === undefined);
    if (open) await transfer(context, req, target, connections, quorum);
    const answers = await collect(context, req, target, connections, requests.length);
    return answer(req, answers, timestamp);
  } finally {
    for (const { exchange } of connections) exchange.close();
  }
}

/** What the nodes' answers before the body decide. */
function refusalOf(
  req: SwiftRequest,
  connections: readonly PutConnection[],
  quorum: number,
): SwiftResponse | undefined {
  const statuses = connections.map(({ final }) => final?.status);
  if (statuses.includes(412) && req.headers.get('if-none-match')?.includes('*') === true) return errorResponse(412);
  // A newer object or tombstone exists: what the client sent is, in effect, stored and already replaced.
  if (statuses.includes(409)) return errorResponse(202);
  if (connections.length < quorum) {
    req.log.error(`Object PUT returning 503, ${connections.length}/${quorum} required connections`);
    return errorResponse(503);
  }
  return undefined;
}

/** Streams the client's body to the nodes. Throws HttpError when the client or a quorum of the nodes fails. */
async function transfer(
  context: ProxyContext,
  req: SwiftRequest,
  target: PutTarget,
  connections: readonly PutConnection[],
  quorum: number,
): Promise<void> {
  const fanout = new PutFanout(context, target, connections, req.log);
  const maxBytes = context.constraints.max_file_size;
  const body = bodyStream(req.body);
  const promised = req.isChunked ? null : req.contentLength;
  let receivedBytes = 0;
  try {
    const send = (chunk: Uint8Array): void | Promise<void> => {
      receivedBytes += chunk.length;
      if (receivedBytes > maxBytes) throw new HttpError(413);
      const wait = fanout.write(chunk);
      if (wait !== undefined) return wait.then(() => requireQuorum(req, fanout.live, quorum, 'during send'));
      requireQuorum(req, fanout.live, quorum, 'during send');
    };
    await forEachChunk(body, send, () => fanout.flushed);
  } catch (error) {
    throw clientFault(req, error, target.path);
  }
  if (promised !== null && receivedBytes < promised) {
    req.log.warn('Client disconnected without sending enough data');
    throw new ClientDisconnect();
  }
  await fanout.finish(target.withFooters ? footersOf(req) : undefined);
  requireQuorum(req, fanout.live, quorum, 'after last send');
}

/** What a failed read of the client's body comes to. Nodes that fail do not throw. */
function clientFault(req: SwiftRequest, error: unknown, path: string): HttpError {
  if (error instanceof ChunkReadError) {
    req.log.warn('Client disconnected without sending last chunk');
    return new ClientDisconnect();
  }
  if (error instanceof HttpError) return error;
  req.log.error(`ERROR Exception transferring data to object servers ${path}`, error);
  return new HttpError(500);
}

function footersOf(req: SwiftRequest): Headers {
  const footers = new Headers();
  req.env.updateFooters?.(footers);
  return footers;
}

function requireQuorum(req: SwiftRequest, live: number, quorum: number, when: string): void {
  if (live >= quorum) return;
  req.log.error(`Object PUT exceptions ${when}, ${live}/${quorum} required connections`);
  throw new HttpError(503);
}

async function collect(
  context: ProxyContext,
  req: SwiftRequest,
  target: PutTarget,
  connections: readonly PutConnection[],
  replicas: number,
): Promise<NodeAnswer[]> {
  const over = { value: false };
  const pending = connections
    .filter(({ failed }) => !failed)
    .map((connection) => finalAnswer(context, req, target, connection, over));
  const answers = await collectAnswers(pending, replicas, context.conf.postQuorumTimeoutMs);
  over.value = true;
  return answers;
}

/** The node's answer, undefined when it gave none. `over`: whoever is late now is closed on purpose, and that is no fault of the node. */
async function finalAnswer(
  context: ProxyContext,
  req: SwiftRequest,
  target: PutTarget,
  connection: PutConnection,
  over: { readonly value: boolean },
): Promise<NodeAnswer | undefined> {
  const { node, exchange } = connection;
  const timeoutMs = context.conf.nodeTimeoutMs;
  try {
    const head = connection.final ?? (await finalHead(exchange, timeoutMs));
    const body = await readAll(exchange.body(timeoutMs), MAX_ERROR_BODY_BYTES);
    if (head.status >= 500) context.nodeAnsweredError(node, 'Object', head.status, `PUT to ${target.path}`, req.log);
    return { status: head.status, reason: head.reason, headers: head.headers, body };
  } catch (error) {
    if (!over.value) {
      context.nodeFailed(node, 'Object', `Trying to get final status of PUT to ${target.path}`, error, req.log);
    }
    return undefined;
  }
}

function answer(req: SwiftRequest, answers: readonly NodeAnswer[], timestamp: Timestamp): SwiftResponse {
  const etags = new Set<string>();
  for (const { status, headers } of answers) {
    if (status >= 200 && status < 300) etags.add((headers?.get('etag') ?? '').replaceAll('"', ''));
  }
  if (etags.size > 1) {
    req.log.error(`Object servers returned ${etags.size} mismatched etags`);
    return errorResponse(500);
  }
  // Nothing else of one node's headers is the client's.
  const plain = answers.map(({ status, reason, body }) => ({ status, reason, body }));
  const [etag] = etags;
  const response = bestResponse(plain, { etag: etag === '' ? undefined : etag });
  response.headers.set('last-modified', timestamp.httpDate);
  return response;
}
