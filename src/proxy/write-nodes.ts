/**
 * Sends one write to several nodes at once, moving on to handoffs where a node fails, and waits for a quorum.
 * Source: spec swift-formats 6.4.
 */

import type { RingNode } from '../common/host.ts';
import { Timestamp } from '../common/timestamp.ts';
import type { Headers } from '../http/headers.ts';
import type { SwiftRequest } from '../http/request.ts';
import type { ServerType } from './backend-headers.ts';
import type { NodeAnswer } from './best-response.ts';
import { collectAnswers } from './final-answers.ts';
import type { NodeIteration } from './node-iteration.ts';
import { askNode } from './node-request.ts';
import type { ProxyContext } from './proxy-context.ts';

export interface WriteRequest {
  serverType: ServerType;
  nodes: NodeIteration;
  partition: number;
  method: string;
  /** `/account[/container[/object]]`, native text. */
  path: string;
  queryString?: string | undefined;
  /** One for each request that is to succeed, usually one for each primary. */
  headers: readonly Headers[];
  body?: Uint8Array | undefined;
}

/**
 * One answer for each of `request.headers`, in order of arrival: NO_ANSWER for what failed everywhere or was still waited for
 * `post_quorum_timeout` after a quorum. Never rejects.
 */
export async function writeToNodes(
  context: ProxyContext,
  req: SwiftRequest,
  request: WriteRequest,
): Promise<NodeAnswer[]> {
  const abort = new AbortController();
  // A client that goes away does not stop a write that is under way: the replicas would differ.
  const pending = request.headers.map(async (headers, slot) => {
    const answer = await askInTurn(context, req, request, headers, abort.signal);
    return answer === undefined ? undefined : { ...answer, slot };
  });
  const answers = await collectAnswers(pending, pending.length, context.conf.postQuorumTimeoutMs);
  abort.abort();
  await Promise.all(pending);
  return answers;
}

/** Asks one node after the other until one gives an answer that counts. Undefined when none does. Never rejects. */
async function askInTurn(
  context: ProxyContext,
  req: SwiftRequest,
  request: WriteRequest,
  headers: Headers,
  signal: AbortSignal,
): Promise<NodeAnswer | undefined> {
  const { serverType, nodes, partition, method, path, queryString, body } = request;
  for (let node = nodes.next(); node !== undefined; node = nodes.next()) {
    const doing = `Trying to ${method} ${path}`;
    try {
      const answer = await askNode(context, { node, partition, method, path, queryString, headers, signal }, body);
      if (answer.status >= 500) context.nodeAnsweredError(node, serverType, answer.status, doing, req.log);
      else if (!knowsNothing(node, answer)) return answer;
    } catch (error) {
      if (signal.aborted) return undefined;
      context.nodeFailed(node, serverType, doing, error, req.log);
    }
  }
  return undefined;
}

/** A handoff that never heard of the item: its 404 says nothing. */
function knowsNothing(node: RingNode, answer: NodeAnswer): boolean {
  if (answer.status !== 404 || node.handoff_index === undefined) return false;
  const timestamp = Timestamp.tryParse(answer.headers?.get('x-backend-timestamp'));
  return timestamp === undefined || timestamp.raw === 0;
}
