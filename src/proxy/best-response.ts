/**
 * Chooses what the client sees from the answers of several nodes. Source: spec swift-formats 6.4.
 */

import { quorumSize } from '../common/storage-policy.ts';
import { Headers } from '../http/headers.ts';
import { SwiftResponse, errorResponse } from '../http/response.ts';
import { reasonOf } from '../http/status.ts';

/** What one node answered, or a stand-in for a node that gave no answer. */
export interface NodeAnswer {
  status: number;
  reason: string;
  /** Absent for a stand-in. */
  headers?: Headers | undefined;
  /** As the node sent it, perhaps empty; absent for a stand-in, which gets the page of its status. */
  body?: Uint8Array | undefined;
  /** For writes: which of the requests it answers. */
  slot?: number | undefined;
}

/** The stand-in for a node that could not be reached or failed. */
export const NO_ANSWER: NodeAnswer = { status: 503, reason: reasonOf(503) };

const NOT_COPIED = new Set([
  'date',
  'content-length',
  'content-type',
  'connection',
  'x-put-timestamp',
  'x-delete-after',
  'transfer-encoding',
]);

/** Copies a node's headers to the client's answer; an ETag loses its quotes. */
export function copyBackendHeaders(to: Headers, from: Headers): void {
  for (const [name, value] of from) {
    if (name === 'etag') to.set(name, value.replaceAll('"', ''));
    else if (!NOT_COPIED.has(name)) to.set(name, value);
  }
}

export interface BestResponseOptions {
  /** Members that a class needs; default: (n + 1) div 2 of the answers. */
  quorum?: number;
  /** ETag of the answer, in place of the node's. */
  etag?: string | undefined;
  /** Statuses that count as others when no class has a quorum: a DELETE takes 404 for 204. */
  overrides?: Readonly<Record<number, number>>;
}

/**
 * The answer of the first class (2xx, 3xx, 4xx) that has a quorum: the highest status in it, with that node's reason, headers and
 * body. 503 when no class has one. Never throws.
 */
export function bestResponse(answers: readonly NodeAnswer[], options: BestResponseOptions = {}): SwiftResponse {
  const quorum = options.quorum ?? quorumSize(answers.length);
  const chosen = chooseAnswer(answers, quorum);
  if (chosen !== undefined) return toResponse(chosen, options.etag);
  const { overrides } = options;
  if (overrides !== undefined && answers.some(({ status }) => status in overrides)) {
    const mapped = answers.map((answer) => overridden(answer, overrides));
    const again = chooseAnswer(mapped, quorum);
    if (again !== undefined) return toResponse(again, options.etag);
  }
  return errorResponse(503);
}

/** A mapped answer has another status and none of its headers. */
function overridden(answer: NodeAnswer, overrides: Readonly<Record<number, number>>): NodeAnswer {
  const status = overrides[answer.status];
  return status === undefined ? answer : { status, reason: reasonOf(status) };
}

function chooseAnswer(answers: readonly NodeAnswer[], quorum: number): NodeAnswer | undefined {
  for (const statusClass of [2, 3, 4]) {
    const members = answers.filter(({ status }) => Math.floor(status / 100) === statusClass);
    if (members.length < quorum || members.length === 0) continue;
    // A real answer is preferred to one that was mapped or stands in; among equals the first one stands.
    let best = members.find(({ headers }) => headers !== undefined) ?? (members[0] as NodeAnswer);
    for (const member of members) {
      if (member.status > best.status && (member.headers !== undefined || best.headers === undefined)) best = member;
    }
    return best;
  }
  return undefined;
}

function toResponse(answer: NodeAnswer, etag: string | undefined): SwiftResponse {
  const headers = new Headers();
  if (answer.headers !== undefined) copyBackendHeaders(headers, answer.headers);
  if (etag !== undefined) headers.set('etag', etag.replaceAll('"', ''));
  const { body } = answer;
  if (body === undefined) {
    const page = errorResponse(answer.status, headers);
    page.reason = answer.reason;
    return page;
  }
  headers.set('content-type', 'text/html; charset=UTF-8').set('content-length', body.length);
  return new SwiftResponse(answer.status, headers, body, answer.reason);
}

/** True when some class has a quorum, so that no further answer can change which class wins. */
export function haveQuorum(
  statuses: readonly number[],
  nodeCount: number,
  quorum: number = quorumSize(nodeCount),
): boolean {
  if (statuses.length < quorum) return false;
  for (const statusClass of [1, 2, 3, 4]) {
    let members = 0;
    for (const status of statuses) if (Math.floor(status / 100) === statusClass) members += 1;
    if (members >= quorum) return true;
  }
  return false;
}
